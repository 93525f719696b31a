using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Tests.Identities;

public sealed class IdentityTests
{
    [Fact]
    public void A_new_id_carries_its_time_and_is_read_again()
    {
        var id = MessageId.New(Sample.Now);

        Assert.True(MessageId.TryParse(id.Value, out var read));
        Assert.Equal(id, read);
        Assert.Equal(Sample.Now.ToUnixTimeMilliseconds(), read.Time.ToUnixTimeMilliseconds());
        Assert.Equal(id.Value, id.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0198C1F0-0000-7000-8000-000000000000")]
    [InlineData("0198c1f0-0000-4000-8000-000000000000")]
    [InlineData("0198c1f0-0000-7000-c000-000000000000")]
    [InlineData("0198c1f000007000800000000000000000000")]
    [InlineData("0198c1f0-0000-7000-8000-000000000000\n")]
    [InlineData("{198c1f0-0000-7000-8000-00000000000}")]
    [InlineData("ffffffff-ffff-7fff-8fff-ffffffffffff")] // after the year 9999
    public void What_is_no_UUIDv7_in_lower_case_is_no_message_id(string? text)
    {
        Assert.False(MessageId.TryParse(text, out var id));
        Assert.Equal("", id.Value);
    }

    [Theory]
    [InlineData("FR", true)]
    [InlineData("FR-SDLC", true)]
    [InlineData("IPSG", true)]
    [InlineData("ABCDEFGH-0123456789AB", true)]
    [InlineData("F", false)]
    [InlineData("ABCDEFGHI", false)]
    [InlineData("FR-", false)]
    [InlineData("FR-0123456789ABC", false)]
    [InlineData("FR-A-B", false)]
    [InlineData("fr", false)]
    [InlineData("FR\n", false)]
    [InlineData("ＦＲ", false)]
    [InlineData("F1", false)]
    public void A_bureau_code_has_its_pattern(string text, bool fits)
    {
        Assert.Equal(fits, BureauCode.TryParse(text, out _));
        Assert.Equal(fits, Holder.TryParse($"urn:backbone:bureau:{text}", out var holder));
        Assert.Equal(fits, holder == new Holder(HolderRole.Bureau, text));
    }

    [Theory]
    [InlineData("urn:backbone:node:node-1", true)]
    [InlineData("urn:backbone:log:log", true)]
    [InlineData("urn:backbone:auditor:auditor-1", true)]
    [InlineData("urn:backbone:operator:operator-1", true)]
    [InlineData("urn:backbone:secretariat:secretariat", true)]
    [InlineData("urn:backbone:node:Node", false)]
    [InlineData("urn:backbone:node:-x", false)]
    [InlineData("urn:backbone:node:a:b", false)]
    [InlineData("urn:backbone:king:a", false)]
    [InlineData("URN:backbone:node:a", false)]
    [InlineData("urn:backbone:node:", false)]
    [InlineData("urn:backbone:bureau:node", false)]
    public void A_holder_is_named_by_role_and_name(string uri, bool fits)
    {
        Assert.Equal(fits, Holder.TryParse(uri, out var holder));
        if (fits)
            Assert.Equal(uri, holder.Uri);
    }

    [Fact]
    public void A_cache_under_a_flood_keeps_its_bound_and_what_is_used()
    {
        var cache = new BoundedCache<int, string>(100);
        cache.Add(-1, "used");
        for (var i = 0; i < 10_000; i++)
        {
            cache.Add(i, "flood");
            Assert.True(cache.TryGet(-1, out _));
        }
        Assert.InRange(Enumerable.Range(0, 10_000).Count(i => cache.TryGet(i, out _)), 1, 100);
    }
}
