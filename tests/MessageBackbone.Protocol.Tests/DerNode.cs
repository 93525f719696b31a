using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MessageBackbone.Protocol.Tests;

/// <summary>A DER value as a tree that can be changed and written again, also as what DER forbids: what no tool makes must be crafted.</summary>
internal sealed class DerNode
{
    public byte Tag { get; set; }

    public byte[] Value { get; set; } = [];

    public List<DerNode> Children { get; } = [];

    /// <summary>Written with one more length byte than needed.</summary>
    public bool LongLength { get; set; }

    /// <summary>Written with the indefinite length of BER.</summary>
    public bool Indefinite { get; set; }

    public DerNode this[int index] => Children[index];

    private bool IsConstructed => (Tag & 0x20) != 0;

    public static DerNode Parse(ReadOnlySpan<byte> der) => Parse(ref der);

    public static DerNode Primitive(byte tag, params byte[] value) => new() { Tag = tag, Value = value };

    public static DerNode Constructed(byte tag, params DerNode[] children)
    {
        var node = new DerNode { Tag = tag };
        node.Children.AddRange(children);
        return node;
    }

    public DerNode Clone() => Parse(Encode());

    public byte[] Encode()
    {
        byte[] content = IsConstructed ? [.. Children.SelectMany(c => c.Encode())] : Value;
        if (Indefinite)
            return [Tag, 0x80, .. content, 0, 0];
        byte[] length = content.Length switch
        {
            < 128 => LongLength ? [0x81, (byte)content.Length] : [(byte)content.Length],
            < 256 => LongLength ? [0x82, 0, (byte)content.Length] : [0x81, (byte)content.Length],
            < 65536 => [0x82, (byte)(content.Length >> 8), (byte)content.Length],
            _ => [0x83, (byte)(content.Length >> 16), (byte)(content.Length >> 8), (byte)content.Length],
        };
        return [Tag, .. length, .. content];
    }

    public IEnumerable<DerNode> All() => Children.SelectMany(c => c.All()).Prepend(this);

    /// <summary>Signs the attributes of a SignedData as they are now, written under the tag of a set.</summary>
    public DerNode SignAgain(X509Certificate2 certificate)
    {
        var signer = this[1][0][4][0];
        var attributes = signer[3].Encode();
        attributes[0] = 0x31;
        using var key = certificate.GetECDsaPrivateKey()!;
        signer[5].Value = key.SignData(attributes, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return this;
    }

    private static DerNode Parse(ref ReadOnlySpan<byte> der)
    {
        var node = new DerNode { Tag = der[0] };
        var length = (int)der[1];
        var header = 2;
        if (length >= 128)
        {
            var bytes = length - 128;
            length = 0;
            for (; header < 2 + bytes; header++)
            {
                length = (length << 8) | der[header];
            }
        }
        var content = der.Slice(header, length);
        der = der[(header + length)..];
        if (!node.IsConstructed)
            node.Value = content.ToArray();
        while (node.IsConstructed && content.Length > 0)
        {
            node.Children.Add(Parse(ref content));
        }
        return node;
    }
}
