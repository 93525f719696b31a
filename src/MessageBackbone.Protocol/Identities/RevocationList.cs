using System.Formats.Asn1;

namespace MessageBackbone.Protocol.Identities;

/// <summary>A CRL of one issuer: which serial numbers are revoked since when.</summary>
internal sealed class RevocationList
{
    private readonly Dictionary<string, DateTimeOffset> _revoked = [];

    private RevocationList(ReadOnlyMemory<byte> issuer) => Issuer = issuer;

    public ReadOnlyMemory<byte> Issuer { get; }

    public DateTimeOffset ThisUpdate { get; private set; }

    public DateTimeOffset? NextUpdate { get; private set; }

    /// <exception cref="ArgumentException">No complete list, not DER, or not signed by one of the issuers.</exception>
    public static RevocationList Read(ReadOnlyMemory<byte> der, IReadOnlyList<IssuerKey> issuers)
    {
        try
        {
            var outer = new AsnReader(der, AsnEncodingRules.DER);
            var list = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            var signed = list.PeekEncodedValue();
            var content = list.ReadSequence();
            var algorithm = list.ReadEncodedValue();
            var signature = list.ReadBitString(out var unused);
            list.ThrowIfNotEmpty();
            StrictDer.Require(unused == 0);
            var revocations = ReadContent(content, algorithm);
            var named = issuers.Where(i => i.Certificate.Subject.Span.SequenceEqual(revocations.Issuer.Span));
            return named.Any(i => i.HasSigned(signed.Span, algorithm, signature))
                ? revocations
                : throw new ArgumentException("The CRL is not signed by the certificate authority.");
        }
        catch (AsnContentException e)
        {
            throw new ArgumentException("The CRL is not strict DER of version 2.", e);
        }
    }

    public bool IsRevoked(CertificateParts certificate, DateTimeOffset at) =>
        certificate.Issuer.Span.SequenceEqual(Issuer.Span)
        && _revoked.TryGetValue(Convert.ToHexStringLower(certificate.Serial.Span), out var since) && since <= at;

    private static RevocationList ReadContent(AsnReader content, ReadOnlyMemory<byte> algorithm)
    {
        StrictDer.Require(content.ReadIntegerBytes().Span.SequenceEqual("\u0001"u8) && content.ReadEncodedValue().Span.SequenceEqual(algorithm.Span));
        var list = new RevocationList(content.ReadEncodedValue()) { ThisUpdate = StrictDer.ReadTime(content) };
        if (content.HasData && (content.PeekTag() == Asn1Tag.UtcTime || content.PeekTag() == Asn1Tag.GeneralizedTime))
            list.NextUpdate = StrictDer.ReadTime(content);
        if (content.HasData && content.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
            list.ReadEntries(content.ReadSequence());
        if (content.HasData)
            RefuseUnknown(StrictDer.ReadExtensions(content.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0))));
        content.ThrowIfNotEmpty();
        return list;
    }

    private void ReadEntries(AsnReader entries)
    {
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            var serial = entry.ReadIntegerBytes();
            _revoked[Convert.ToHexStringLower(serial.Span)] = StrictDer.ReadTime(entry);
            if (entry.HasData)
                RefuseUnknown(StrictDer.ReadExtensions(entry));
            entry.ThrowIfNotEmpty();
        }
    }

    // A critical one may say that the list is not complete, or that an entry is about somebody else's certificate.
    private static void RefuseUnknown(List<CertificateExtension> extensions) =>
        StrictDer.Require(!extensions.Exists(e => e.Critical), "a critical extension");
}
