using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Sealing;

/// <summary>For which certificate a body is sealed: by issuer and serial number, or by subject key identifier. Compared by value.</summary>
public sealed record SealedRecipient
{
    private SealedRecipient(string key) => Key = key;

    /// <summary>A name to look up among <see cref="KeysOf(X509Certificate2)"/> of known certificates.</summary>
    public string Key { get; }

    internal ReadOnlyMemory<byte> Point { get; private init; }

    internal ReadOnlyMemory<byte> WrappedKey { get; private init; }

    /// <summary>The keys by which a body can name this certificate: one or two.</summary>
    /// <exception cref="ArgumentException">The certificate is not DER of X.509 version 3.</exception>
    public static IReadOnlyList<string> KeysOf(X509Certificate2 certificate) => KeysOf(CertificateParts.Of(certificate));

    /// <inheritdoc cref="KeysOf(X509Certificate2)"/>
    public static IReadOnlyList<string> KeysOf(ReadOnlyMemory<byte> certificateDer) => CertificateParts.TryRead(certificateDer, out var parts)
        ? KeysOf(parts)
        : throw new ArgumentException("The certificate is not DER of X.509 version 3.");

    public bool Matches(X509Certificate2 certificate) => KeysOf(certificate).Contains(Key);

    public bool Equals(SealedRecipient? other) => other is not null && Key == other.Key;

    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    internal static IReadOnlyList<string> KeysOf(CertificateParts certificate)
    {
        var identifier = certificate.KeyIdentifier();
        var issued = IssuedKey(certificate.Issuer.Span, certificate.Serial.Span);
        return identifier.IsEmpty ? [issued] : [issued, IdentifierKey(identifier.Span)];
    }

    internal static SealedRecipient Issued(
        ReadOnlyMemory<byte> issuer, ReadOnlyMemory<byte> serial, ReadOnlyMemory<byte> point, ReadOnlyMemory<byte> wrappedKey) =>
        new(IssuedKey(issuer.Span, serial.Span)) { Point = point, WrappedKey = wrappedKey };

    internal static SealedRecipient Identified(ReadOnlyMemory<byte> identifier, ReadOnlyMemory<byte> point, ReadOnlyMemory<byte> wrappedKey) =>
        new(IdentifierKey(identifier.Span)) { Point = point, WrappedKey = wrappedKey };

    private static string IssuedKey(ReadOnlySpan<byte> issuer, ReadOnlySpan<byte> serial) =>
        $"issuer:{Digests.Sha256Hex(issuer)}:{Convert.ToHexStringLower(serial)}";

    private static string IdentifierKey(ReadOnlySpan<byte> identifier) => $"key:{Convert.ToHexStringLower(identifier)}";
}
