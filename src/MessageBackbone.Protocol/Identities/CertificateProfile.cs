using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Identities;

/// <summary>The table of wire.md §2: what a certificate must say to be used for TLS, signing or sealing. Knows nothing of issuers and time.</summary>
internal static class CertificateProfile
{
    private static readonly string[] _understood =
        [Oids.BasicConstraints, Oids.KeyUsage, Oids.ExtendedKeyUsage, Oids.SubjectAltName, Oids.SubjectKeyIdentifier, Oids.AuthorityKeyIdentifier];

    /// <returns>What is wrong, or empty.</returns>
    public static string Check(CertificateParts parts, CertificateUse use, out Holder holder)
    {
        holder = default;
        try
        {
            var problem = CheckName(parts, out holder, out var hosts);
            return problem.Length > 0 ? problem : CheckUse(parts, use, holder, hosts);
        }
        catch (AsnContentException)
        {
            return "An extension of the certificate is not DER.";
        }
    }

    /// <summary>Whom a certificate names; false where it does not name exactly one holder.</summary>
    public static bool TryHolder(CertificateParts parts, out Holder holder)
    {
        holder = default;
        try
        {
            return CheckName(parts, out holder, out _).Length == 0;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    /// <summary>Throws <see cref="AsnContentException"/> where the extension is there and not DER; None where it is not there.</summary>
    public static X509KeyUsageFlags KeyUsage(CertificateParts parts)
    {
        if (parts.Extension(Oids.KeyUsage) is not { } value)
            return X509KeyUsageFlags.None;
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        var bits = reader.ReadBitString(out _);
        reader.ThrowIfNotEmpty();
        // A named bit list in DER has no trailing zero bits; the framework's flags hold its first byte as it is, and decipherOnly in the second.
        StrictDer.Require(bits.Length is 1 or 2 && bits[^1] != 0, "not a key usage");
        var usage = (X509KeyUsageFlags)bits[0] | (bits.Length == 2 ? (X509KeyUsageFlags)(bits[1] << 8) : X509KeyUsageFlags.None);
        return usage;
    }

    public static bool IsAuthority(CertificateParts parts)
    {
        if (parts.Extension(Oids.BasicConstraints) is not { } value)
            return false;
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        var constraints = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        if (!constraints.HasData || !constraints.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean))
            return false;
        StrictDer.Require(constraints.ReadBoolean(), "a default value is encoded");
        return true;
    }

    private static string CheckName(CertificateParts parts, out Holder holder, out int hosts)
    {
        holder = default;
        hosts = 0;
        if (parts.Extension(Oids.SubjectAltName) is not { } value)
            return "The certificate has no subject alternative name.";
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        var names = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        var uris = new List<string>();
        while (names.HasData)
        {
            var tag = names.PeekTag();
            var content = names.ReadEncodedValue();
            if (tag.HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 6)))
                uris.Add(Encoding.Latin1.GetString(Contents(content, tag)));
            else if (tag.TagClass == TagClass.ContextSpecific && tag.TagValue is 2 or 7)
                hosts++;
        }
        return uris.Count == 1 && Holder.TryParse(uris[0], out holder)
            ? ""
            : "The certificate does not name its holder by exactly one SAN URI urn:backbone:<role>:<name>.";
    }

    private static ReadOnlySpan<byte> Contents(ReadOnlyMemory<byte> encoded, Asn1Tag tag) =>
        StrictDer.ReadOctets(new AsnReader(encoded, AsnEncodingRules.DER), tag).Span;

    private static string CheckUse(CertificateParts parts, CertificateUse use, Holder holder, int hosts)
    {
        if (parts.Extensions.FirstOrDefault(e => e.Critical && !_understood.Contains(e.Oid)) is not null)
            return "The certificate has a critical extension that is not understood.";
        if (IsAuthority(parts))
            return "The certificate is one of a certificate authority.";
        var usage = KeyUsage(parts);
        var extended = ExtendedUsages(parts);
        return use switch
        {
            CertificateUse.Tls => CheckTls(parts, usage, extended, holder, hosts),
            CertificateUse.Sign => CheckSign(parts, usage, extended, holder),
            CertificateUse.Seal => CheckSeal(parts, usage, extended, holder),
            _ => "The certificate's use is not tls, sign or seal.",
        };
    }

    private static string CheckTls(CertificateParts parts, X509KeyUsageFlags usage, HashSet<string> extended, Holder holder, int hosts)
    {
        if (parts.Curve != NamedCurve.P256)
            return "A tls certificate has a key on the named curve P-256.";
        if (usage != X509KeyUsageFlags.DigitalSignature)
            return "A tls certificate has the key usage digitalSignature and no other.";
        if (holder.Role != HolderRole.Node)
            return extended.SetEquals([Oids.ClientAuth]) ? "" : "A tls certificate has the extended key usage clientAuth and no other.";
        if (!extended.SetEquals([Oids.ClientAuth, Oids.ServerAuth]))
            return "A node's tls certificate has the extended key usages serverAuth and clientAuth and no other.";
        return hosts > 0 ? "" : "A node's tls certificate names a host by a DNS name or IP address.";
    }

    private static string CheckSign(CertificateParts parts, X509KeyUsageFlags usage, HashSet<string> extended, Holder holder)
    {
        if (!holder.Signs)
            return "This role has no sign certificate.";
        if (parts.Curve == NamedCurve.None)
            return "A sign certificate has a key on the named curve P-256 or P-384.";
        if (usage != (X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation))
            return "A sign certificate has the key usages digitalSignature and nonRepudiation and no other.";
        return extended.SetEquals([Oids.EmailProtection]) ? "" : "A sign certificate has the extended key usage emailProtection and no other.";
    }

    private static string CheckSeal(CertificateParts parts, X509KeyUsageFlags usage, HashSet<string> extended, Holder holder)
    {
        if (holder.Role != HolderRole.Bureau)
            return "Only a bureau has a seal certificate.";
        if (parts.Curve != NamedCurve.P256)
            return "A seal certificate has a key on the named curve P-256.";
        if (usage != X509KeyUsageFlags.KeyAgreement)
            return "A seal certificate has the key usage keyAgreement and no other.";
        return extended.SetEquals([Oids.EmailProtection]) ? "" : "A seal certificate has the extended key usage emailProtection and no other.";
    }

    private static HashSet<string> ExtendedUsages(CertificateParts parts)
    {
        var usages = new HashSet<string>();
        if (parts.Extension(Oids.ExtendedKeyUsage) is not { } value)
            return usages;
        var reader = new AsnReader(value, AsnEncodingRules.DER);
        var list = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        while (list.HasData && usages.Count < 16)
            usages.Add(list.ReadObjectIdentifier());
        list.ThrowIfNotEmpty();
        return usages;
    }
}
