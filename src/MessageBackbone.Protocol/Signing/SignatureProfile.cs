using System.Formats.Asn1;
using System.Security.Cryptography;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Signing;

/// <summary>The permitted pairs of curve and hash, with their algorithm identifiers as they must be encoded.</summary>
internal sealed class SignatureProfile
{
    private SignatureProfile(NamedCurve curve, string hashOid, string signatureOid)
    {
        Curve = curve;
        DigestAlgorithm = Algorithm(hashOid, withNull: false);
        DigestAlgorithmWithNull = Algorithm(hashOid, withNull: true);
        SignatureAlgorithm = Algorithm(signatureOid, withNull: false);
    }

    public static SignatureProfile P256 { get; } = new(NamedCurve.P256, Oids.Sha256, Oids.EcdsaSha256);

    public static SignatureProfile P384 { get; } = new(NamedCurve.P384, Oids.Sha384, Oids.EcdsaSha384);

    public NamedCurve Curve { get; }

    public byte[] DigestAlgorithm { get; }

    /// <summary>RFC 5754: absent parameters are written, NULL is accepted.</summary>
    public byte[] DigestAlgorithmWithNull { get; }

    public byte[] SignatureAlgorithm { get; }

    public static SignatureProfile? For(NamedCurve curve) => curve switch { NamedCurve.P256 => P256, NamedCurve.P384 => P384, _ => null };

    public bool IsDigest(ReadOnlySpan<byte> encoded) => encoded.SequenceEqual(DigestAlgorithm) || encoded.SequenceEqual(DigestAlgorithmWithNull);

    public byte[] Hash(ReadOnlySpan<byte> data) => Curve == NamedCurve.P384 ? SHA384.HashData(data) : SHA256.HashData(data);

    private static byte[] Algorithm(string oid, bool withNull)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            if (withNull)
                writer.WriteNull();
        }
        return writer.Encode();
    }
}
