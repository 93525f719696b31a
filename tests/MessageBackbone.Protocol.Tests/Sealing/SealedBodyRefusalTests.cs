using MessageBackbone.Protocol.Sealing;

namespace MessageBackbone.Protocol.Tests.Sealing;

/// <summary>Bodies that openssl does not make.</summary>
public sealed class SealedBodyRefusalTests
{
    private static readonly byte[] _good = SealedBody.Seal("content"u8, [Sample.Bureau("DE").Seal!]);

    [Fact]
    public void Every_single_bit_change_of_a_body_for_one_is_refused()
    {
        for (var bit = 0; bit < _good.Length * 8; bit++)
        {
            var changed = (byte[])_good.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Opens(changed), $"bit {bit}");
        }
    }

    [Fact]
    public void Every_truncation_and_any_trailing_byte_is_refused()
    {
        for (var length = 0; length < _good.Length; length++)
        {
            Assert.False(SealedBody.TryRead(_good.AsMemory(0, length), out _, out _), $"length {length}");
        }
        Assert.False(SealedBody.TryRead((byte[])[.. _good, 0], out _, out _));
    }

    [Fact]
    public void Lengths_of_BER_are_refused_everywhere()
    {
        for (var index = 0; index < DerNode.Parse(_good).All().Count(); index++)
        {
            var longer = DerNode.Parse(_good);
            longer.All().ElementAt(index).LongLength = longer.All().ElementAt(index).Encode().Length < 256;
            var indefinite = DerNode.Parse(_good);
            var node = indefinite.All().ElementAt(index);
            node.Indefinite = (node.Tag & 0x20) != 0;
            Assert.False(longer.Encode().Length != _good.Length && SealedBody.TryRead(longer.Encode(), out _, out _), $"node {index}");
            Assert.False(node.Indefinite && SealedBody.TryRead(indefinite.Encode(), out _, out _), $"node {index}");
        }
    }

    [Theory]
    [InlineData(12)]
    [InlineData(15)]
    [InlineData(4)]
    [InlineData(0)]
    public void A_short_tag_is_refused(int length)
    {
        Refuses(r => Tag(r).Value = Tag(r).Value[..length]);
        Refuses(r =>
        {
            Tag(r).Value = Tag(r).Value[..length];
            Parameters(r)[1].Value = [(byte)length];
        });
    }

    [Fact]
    public void A_tags_length_left_out_or_not_16_is_refused()
    {
        Refuses(r => Parameters(r).Children.RemoveAt(1)); // then it is 12
        Refuses(r => Parameters(r)[1].Value = [12]);
        Refuses(r => Parameters(r)[1].Value = [0, 16]);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(0)]
    public void A_nonce_of_another_length_is_refused(int length) => Refuses(r => Parameters(r)[0].Value = new byte[length]);

    [Fact]
    public void Unauthenticated_attributes_are_refused() => Refuses(r => r[1][0].Children.Add(Attributes(0xa2)));

    [Fact]
    public void Authenticated_attributes_are_refused() => Refuses(r => r[1][0].Children.Insert(3, Attributes(0xa1)));

    [Fact]
    public void Originator_information_is_refused() => Refuses(r => r[1][0].Children.Insert(1, DerNode.Constructed(0xa0)));

    [Fact]
    public void Another_version_is_refused()
    {
        Refuses(r => r[1][0][0].Value = [1]);
        Refuses(r => Agreement(r)[0].Value = [2]);
    }

    [Fact]
    public void User_keying_material_is_refused() =>
        Refuses(r => Agreement(r).Children.Insert(2, DerNode.Constructed(0xa1, DerNode.Primitive(4, 1, 2, 3))));

    [Fact]
    public void The_curves_parameters_may_be_written_out_but_no_others()
    {
        var written = Changed(r => OriginatorAlgorithm(r).Children.Add(DerNode.Primitive(6, Convert.FromHexString("2A8648CE3D030107"))));

        Assert.True(Opens(written));
        Refuses(r => OriginatorAlgorithm(r).Children.Add(DerNode.Primitive(6, Convert.FromHexString("2B81040022"))));
        Refuses(r => OriginatorAlgorithm(r).Children.Add(DerNode.Primitive(5)));
    }

    [Fact]
    public void An_ephemeral_key_compressed_or_not_on_the_curve_is_refused()
    {
        Refuses(r => Agreement(r)[1][0][1].Value = [0, 2, .. Agreement(r)[1][0][1].Value[2..34]]);
        Assert.False(Opens(Changed(r => Agreement(r)[1][0][1].Value = [0, 4, .. new byte[64]])));
        Assert.False(Opens(Changed(r => Agreement(r)[1][0][1].Value = [0, 4, .. Enumerable.Repeat((byte)0xff, 64)])));
    }

    [Fact]
    public void A_recipient_twice_is_refused() => Refuses(r => Agreement(r)[3].Children.Add(Agreement(r)[3][0].Clone()));

    [Fact]
    public void No_recipient_is_refused()
    {
        Refuses(r => Agreement(r)[3].Children.Clear());
        Refuses(r => r[1][0][1].Children.Clear());
    }

    [Fact]
    public void A_recipient_by_key_transport_or_password_is_refused()
    {
        foreach (var tag in new byte[] { 0x30, 0xa2, 0xa3, 0xa4 })
        {
            Refuses(r => r[1][0][1][0].Tag = tag);
        }
    }

    [Fact]
    public void A_wrapped_key_of_another_length_is_refused() => Refuses(r => Agreement(r)[3][0][1].Value = new byte[48]);

    [Fact]
    public void More_recipients_than_any_message_may_have_are_refused_before_they_fill_memory()
    {
        var body = Changed(r =>
        {
            for (var i = 0; i < 5000; i++)
            {
                var another = Agreement(r)[3][0].Clone();
                another[0][1].Value = [1, (byte)(i >> 8), (byte)i];
                Agreement(r)[3].Children.Add(another);
            }
        });
        SealedBody.TryRead(body, out _, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.False(SealedBody.TryRead(body, out _, out _));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void A_body_is_not_opened_by_another_key()
    {
        Assert.True(SealedBody.TryRead(_good, out var body, out _));

        Assert.False(body.IsFor(Sample.Bureau("ES").Seal!));
        Assert.False(body.TryOpen(Sample.Bureau("ES").Seal!, out var content, out _));
        Assert.Empty(content);
    }

    [Fact]
    public void An_old_key_among_new_ones_opens_it()
    {
        Assert.True(SealedBody.TryRead(_good, out var body, out _));

        Assert.True(body.TryOpen([Sample.Bureau("ES").Seal!, Sample.Bureau("DE").Seal!], out var content, out var problem), problem);
        Assert.Equal("content"u8, content);
    }

    private static DerNode Agreement(DerNode root) => root[1][0][1][0];

    private static DerNode OriginatorAlgorithm(DerNode root) => Agreement(root)[1][0][0];

    private static DerNode Parameters(DerNode root) => root[1][0][2][1][1];

    private static DerNode Tag(DerNode root) => root[1][0][3];

    private static DerNode Attributes(byte tag) =>
        DerNode.Constructed(tag, DerNode.Constructed(0x30, DerNode.Primitive(6, 0x2a, 3, 4), DerNode.Constructed(0x31, DerNode.Primitive(5))));

    private static byte[] Changed(Action<DerNode> change)
    {
        var root = DerNode.Parse(_good);
        change(root);
        return root.Encode();
    }

    private static void Refuses(Action<DerNode> change) => Assert.False(SealedBody.TryRead(Changed(change), out _, out _));

    private static bool Opens(byte[] der) => SealedBody.TryRead(der, out var body, out _) && body.TryOpen(Sample.Bureau("DE").Seal!, out _, out _);
}
