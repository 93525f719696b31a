using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Sealing;

/// <summary>
/// A sealed body: DER CMS AuthEnvelopedData of the profile of wire.md §4. Its structure is read without any key. Only the content and, for its own
/// recipient, the wrapped key are authenticated by the tag; the list of recipients is covered by body_sha256 in the signed header alone.
/// </summary>
public sealed class SealedBody
{
    private readonly SealedParts _parts;

    private SealedBody(SealedParts parts) => _parts = parts;

    /// <summary>In the order of the body, no one twice.</summary>
    public IReadOnlyList<SealedRecipient> Recipients => _parts.Recipients;

    /// <summary>Reads the strict profile. Never throws on any bytes; holds on to <paramref name="der"/>, so it must not change.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out SealedBody? body, out string problem)
    {
        try
        {
            body = new SealedBody(SealedBodyReader.Read(der));
            problem = "";
            return true;
        }
        catch (AsnContentException e)
        {
            body = null;
            problem = $"Not a sealed body of the profile: {e.Message}";
            return false;
        }
    }

    /// <summary>
    /// Seals to each certificate once, in the given order. That they may be sealed to is for a trust anchor to say, not for this method.
    /// </summary>
    /// <exception cref="ArgumentException">No certificate, too many, or one whose key is not on P-256.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> content, IReadOnlyCollection<X509Certificate2> recipients) =>
        SealedBodyWriter.Write(content, recipients);

    public bool IsFor(X509Certificate2 certificate) => Find(certificate) is not null;

    /// <inheritdoc cref="TryOpen(IReadOnlyCollection{X509Certificate2}, out byte[], out string)"/>
    public bool TryOpen(X509Certificate2 sealCertificateWithKey, out byte[] content, out string problem) =>
        TryOpen([sealCertificateWithKey], out content, out problem);

    /// <summary>
    /// Opens with the first of the keys that the body is sealed to; old keys may follow new ones. Nothing is released before the tag is right.
    /// </summary>
    /// <exception cref="ArgumentException">A certificate comes without its private key.</exception>
    public bool TryOpen(IReadOnlyCollection<X509Certificate2> sealCertificatesWithKeys, out byte[] content, out string problem)
    {
        content = [];
        problem = "The body is not sealed to any of these keys.";
        foreach (var certificate in sealCertificatesWithKeys)
        {
            if (Find(certificate) is not { } recipient)
                continue;
            if (TryUnwrap(certificate, recipient, out var contentKey) && TryDecrypt(contentKey, out content))
            {
                problem = "";
                return true;
            }
            problem = "The body does not open: its key or its tag is wrong.";
        }
        return false;
    }

    private SealedRecipient? Find(X509Certificate2 certificate)
    {
        var keys = SealedRecipient.KeysOf(certificate);
        return Recipients.FirstOrDefault(r => keys.Contains(r.Key));
    }

    private static bool TryUnwrap(X509Certificate2 certificate, SealedRecipient recipient, out byte[] contentKey)
    {
        contentKey = [];
        byte[] secret = [];
        byte[] keyEncryptionKey = [];
        try
        {
            secret = AgreementKeys.Agree(certificate, recipient.Point.Span);
            keyEncryptionKey = KeyDerivation.KeyEncryptionKey(secret);
            return KeyWrap.TryUnwrap(keyEncryptionKey, recipient.WrappedKey.Span, out contentKey);
        }
        catch (CryptographicException) // the ephemeral point is not on the curve
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
            CryptographicOperations.ZeroMemory(keyEncryptionKey);
        }
    }

    private bool TryDecrypt(byte[] contentKey, out byte[] content)
    {
        content = new byte[_parts.Ciphertext.Length];
        try
        {
            using var gcm = new AesGcm(contentKey, SealedBodyReader.TagSize);
            gcm.Decrypt(_parts.Nonce.Span, _parts.Ciphertext.Span, _parts.Tag.Span, content);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            content = [];
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(contentKey);
        }
    }
}
