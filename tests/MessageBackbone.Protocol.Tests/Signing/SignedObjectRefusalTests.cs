using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Protocol.Tests.Signing;

/// <summary>Objects that openssl does not make: crafted, and signed again where only the profile can refuse them.</summary>
public sealed class SignedObjectRefusalTests
{
    private static readonly byte[] _good = SignedObject.Create("content"u8, Sample.Bureau("FR").Sign!, Sample.Now);

    [Fact]
    public void A_crafted_object_without_a_change_is_accepted()
    {
        var crafted = DerNode.Parse(_good).SignAgain(Sample.Bureau("FR").Sign!).Encode();

        Assert.True(Accepts(crafted, out var problem), problem);
    }

    [Fact]
    public void Every_single_bit_change_is_refused()
    {
        for (var bit = 0; bit < _good.Length * 8; bit++)
        {
            var changed = (byte[])_good.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Accepts(changed, out _), $"bit {bit}");
        }
    }

    [Fact]
    public void Every_truncation_and_any_trailing_byte_is_refused()
    {
        for (var length = 0; length < _good.Length; length++)
        {
            Assert.False(SignedObject.TryRead(_good.AsMemory(0, length), out _, out _), $"length {length}");
        }
        Assert.False(SignedObject.TryRead((byte[])[.. _good, 0], out _, out _));
    }

    [Fact]
    public void A_length_in_more_bytes_than_needed_is_refused_everywhere_outside_the_certificate()
    {
        foreach (var index in Enumerable.Range(0, DerNode.Parse(_good).All().Count()))
        {
            var root = DerNode.Parse(_good);
            var node = root.All().ElementAt(index);
            if (root[1][0][3].All().Contains(node) || node.Encode().Length is >= 256 and < 65536)
                continue; // the certificate's bytes are compared with the enrolled one
            node.LongLength = true;
            Assert.False(Accepts(root.SignAgain(Sample.Bureau("FR").Sign!).Encode(), out _), $"node {index}");
        }
    }

    [Fact]
    public void An_indefinite_length_is_refused_everywhere()
    {
        foreach (var index in Enumerable.Range(0, DerNode.Parse(_good).All().Count()))
        {
            var root = DerNode.Parse(_good);
            var node = root.All().ElementAt(index);
            if ((node.Tag & 0x20) == 0)
                continue;
            node.Indefinite = true;
            Assert.False(Accepts(root.SignAgain(Sample.Bureau("FR").Sign!).Encode(), out _), $"node {index}");
        }
    }

    [Fact]
    public void A_content_in_pieces_is_refused() => Refuses(r =>
    {
        r[1][0][2][1].Children[0] = DerNode.Constructed(0x24, DerNode.Primitive(4, [.. "cont"u8]), DerNode.Primitive(4, [.. "ent"u8]));
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_required_attribute_left_out_is_refused(int attribute) => Refuses(r => Attributes(r).Children.RemoveAt(attribute));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void An_attribute_twice_is_refused(int attribute) =>
        Refuses(r => Attributes(r).Children.Insert(attribute, Attributes(r)[attribute].Clone()));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void An_attribute_with_two_values_is_refused(int attribute) =>
        Refuses(r => Attributes(r)[attribute][1].Children.Add(Attributes(r)[attribute][1][0].Clone()));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void An_attribute_without_a_value_is_refused(int attribute) => Refuses(r => Attributes(r)[attribute][1].Children.Clear());

    [Fact]
    public void An_attribute_that_the_profile_does_not_name_is_refused() => Refuses(r => Attributes(r).Children.Insert(
        0, DerNode.Constructed(0x30, DerNode.Primitive(6, 0x2a, 3, 4), DerNode.Constructed(0x31, DerNode.Primitive(5)))));

    [Fact]
    public void Attributes_out_of_order_are_refused() => Refuses(r => Attributes(r).Children.Reverse());

    [Fact]
    public void Capabilities_that_are_not_DER_are_refused() => Refuses(r => Attributes(r).Children.Insert(1, DerNode.Constructed(
        0x30,
        DerNode.Primitive(6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 15),
        DerNode.Constructed(0x31, DerNode.Constructed(0x30, DerNode.Primitive(1, 1))))));

    [Fact]
    public void A_signing_certificate_attribute_for_another_certificate_is_refused() => Refuses(r => Attributes(r)[3][1][0][0][0][0].Value[0] ^= 1);

    [Fact]
    public void A_message_digest_of_other_content_is_refused() =>
        Refuses(r => Attributes(r).Children.Single(a => a[1][0].Tag == 4)[1][0].Value[0] ^= 1);

    [Theory]
    [InlineData(0x17, "2611230942Z")] // no seconds
    [InlineData(0x17, "261123094209+0000")]
    [InlineData(0x18, "20261123094209Z")] // belongs into a UTCTime
    [InlineData(0x18, "20521123094209.5Z")]
    public void A_signing_time_written_otherwise_is_refused(byte tag, string time) => Refuses(r =>
    {
        var set = Attributes(r).Children.Single(a => a[1][0].Tag == 0x17)[1];
        set.Children[0] = DerNode.Primitive(tag, Encoding.ASCII.GetBytes(time));
        Attributes(r).Children.Sort((a, b) => a.Encode().AsSpan().SequenceCompareTo(b.Encode()));
    });

    [Fact]
    public void A_signing_time_after_2049_is_a_generalized_time_and_read()
    {
        var signed = SignedObject.Create("content"u8, Sample.Bureau("FR").Sign!, new DateTimeOffset(2051, 2, 3, 4, 5, 6, TimeSpan.Zero));

        Assert.True(SignedObject.TryRead(signed, out var read, out var problem), problem);
        Assert.Equal(2051, read.SigningTime.Year);
        Assert.True(read.VerifySignature());
    }

    [Fact]
    public void Unsigned_attributes_are_refused() => Refuses(r => r[1][0][4][0].Children.Add(DerNode.Constructed(
        0xa1, DerNode.Constructed(0x30, DerNode.Primitive(6, 0x2a, 3, 4), DerNode.Constructed(0x31, DerNode.Primitive(5))))));

    [Fact]
    public void An_extra_certificate_is_refused() => Refuses(r =>
    {
        r[1][0][3].Children.Add(DerNode.Parse(Sample.Bureau("DE").Sign!.RawData));
        r[1][0][3].Children.Sort((a, b) => a.Encode().AsSpan().SequenceCompareTo(b.Encode()));
    });

    [Fact]
    public void A_revocation_list_inside_is_refused() =>
        Assert.False(Accepts(Changed(r => r[1][0].Children.Insert(4, DerNode.Constructed(0xa1, DerNode.Constructed(0x30))), sign: false), out _));

    [Fact]
    public void A_second_signer_is_refused() => Refuses(r => r[1][0][4].Children.Add(r[1][0][4][0].Clone()));

    [Fact]
    public void No_signer_is_refused() => Assert.False(Accepts(Changed(r => r[1][0][4].Children.Clear(), sign: false), out _));

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Another_version_is_refused(byte version)
    {
        Refuses(r => r[1][0][0].Value = [version]);
        Refuses(r => r[1][0][4][0][0].Value = [version]);
    }

    [Fact]
    public void A_version_with_a_leading_zero_is_refused() => Refuses(r => r[1][0][0].Value = [0, 1]);

    [Fact]
    public void A_second_digest_algorithm_is_refused() =>
        Refuses(r => r[1][0][1].Children.Add(DerNode.Parse(Convert.FromHexString("300B0609608648016503040202"))));

    [Fact]
    public void A_digest_algorithm_with_NULL_parameters_is_read_and_with_others_refused()
    {
        void Change(DerNode root, byte tag)
        {
            root[1][0][1][0].Children.Add(DerNode.Primitive(tag));
            root[1][0][4][0][2].Children.Add(DerNode.Primitive(tag));
        }

        Assert.True(Accepts(Changed(r => Change(r, 5)), out var problem), problem);
        Refuses(r => Change(r, 4));
        Refuses(r => r[1][0][1][0].Children.Add(DerNode.Primitive(5))); // in one place only
        Refuses(r => r[1][0][4][0][4].Children.Add(DerNode.Primitive(5))); // not with the signature algorithm
    }

    [Fact]
    public void Attributes_presented_again_as_content_are_refused()
    {
        var root = DerNode.Parse(_good);
        var attributes = root[1][0][4][0][3].Encode();
        attributes[0] = 0x31;
        root[1][0][2][1][0].Value = attributes;
        root[1][0][4][0].Children.RemoveAt(3);

        Assert.False(Accepts(root.Encode(), out _));
    }

    [Fact]
    public void Numbers_out_of_range_and_a_signature_in_pieces_are_refused()
    {
        var order = Convert.FromHexString("00FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
        foreach (var number in new byte[][] { [0], order, [0x80], [0, 1] })
        {
            var root = DerNode.Parse(_good);
            var pair = DerNode.Parse(root[1][0][4][0][5].Value);
            pair[1].Value = number;
            root[1][0][4][0][5].Value = pair.Encode();
            Assert.False(SignedObject.TryRead(root.Encode(), out _, out _), Convert.ToHexString(number));
        }
    }

    [Fact]
    public void The_twin_of_a_signature_verifies_too_so_bytes_are_told_apart_by_their_digest_only()
    {
        var order = new BigInteger(
            Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"), isUnsigned: true, isBigEndian: true);
        var root = DerNode.Parse(_good);
        var pair = DerNode.Parse(root[1][0][4][0][5].Value);
        pair[1].Value = (order - new BigInteger(pair[1].Value, isUnsigned: true, isBigEndian: true)).ToByteArray(isBigEndian: true);
        root[1][0][4][0][5].Value = pair.Encode();

        Assert.True(Accepts(root.Encode(), out _));
        Assert.NotEqual(SHA256.HashData(_good), SHA256.HashData(root.Encode()));
    }

    [Fact]
    public void Another_signers_certificate_in_place_of_the_signers_is_refused() =>
        Refuses(r => r[1][0][3].Children[0] = DerNode.Parse(Sample.Bureau("DE").Sign!.RawData));

    private static DerNode Attributes(DerNode root) => root[1][0][4][0][3];

    private static byte[] Changed(Action<DerNode> change, bool sign = true)
    {
        var root = DerNode.Parse(_good);
        change(root);
        return (sign ? root.SignAgain(Sample.Bureau("FR").Sign!) : root).Encode();
    }

    private static void Refuses(Action<DerNode> change) => Assert.False(Accepts(Changed(change), out _));

    /// <summary>What every caller does: profile, the enrolled certificate byte for byte, signature.</summary>
    private static bool Accepts(byte[] der, out string problem) =>
        SignedObject.TryRead(der, out var signed, out problem)
        && signed.CertificateDer.Span.SequenceEqual(Sample.Bureau("FR").Sign!.RawData)
        && signed.VerifySignature();
}
