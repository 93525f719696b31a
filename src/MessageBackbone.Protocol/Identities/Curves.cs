using System.Security.Cryptography;

namespace MessageBackbone.Protocol.Identities;

/// <summary>The two curves of the contract and what belongs to each.</summary>
internal static class Curves
{
    private static readonly byte[] _orderOfP256 = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

    private static readonly byte[] _orderOfP384 = Convert.FromHexString(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973");

    public static int FieldSize(NamedCurve curve) => curve == NamedCurve.P384 ? 48 : 32;

    public static byte[] Order(NamedCurve curve) => curve == NamedCurve.P384 ? _orderOfP384 : _orderOfP256;

    public static HashAlgorithmName Hash(NamedCurve curve) => curve == NamedCurve.P384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

    public static ECCurve Framework(NamedCurve curve) => curve == NamedCurve.P384 ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP256;

    public static ECParameters PublicKey(NamedCurve curve, ReadOnlySpan<byte> point) => new()
    {
        Curve = Framework(curve),
        Q = new ECPoint { X = point[..FieldSize(curve)].ToArray(), Y = point[FieldSize(curve)..].ToArray() },
    };
}
