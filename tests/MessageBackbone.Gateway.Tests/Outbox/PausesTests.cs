using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Gateway.Tests.Outbox;

public sealed class PausesTests
{
    private static readonly TimeSpan _long = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData(Reasons.QuotaExceeded, 1, new[] { 1 })]
    [InlineData(Reasons.QuotaExceeded, 4, new[] { 4 })]
    [InlineData(Reasons.StoreUnavailable, 2, new[] { 0, 1, 2 })]
    [InlineData(Reasons.StoreUnavailable, 4, new[] { 0, 1, 2, 3, 4 })]
    [InlineData(Reasons.Draining, 1, new[] { 0, 1, 2, 3, 4 })]
    [InlineData(Reasons.ClockSkew, 1, new[] { 0, 1, 2, 3, 4 })]
    public void A_refusal_stops_the_precedences_that_it_is_about_for_the_time_told(string reason, int level, int[] stopped)
    {
        var pauses = New();

        Assert.Equal(_long, pauses.Begin(level, new NodeRefusal(reason, "Later.", [], _long, new Dictionary<string, string>())));

        Assert.Equal(stopped, pauses.Rests().Index().Where(rest => rest.Item > _long / 2).Select(rest => rest.Index));
        Assert.All(pauses.Rests(), rest => Assert.InRange(rest, TimeSpan.MinValue, _long));
    }

    [Fact]
    public void A_call_without_an_answer_stops_everything_and_counts_once()
    {
        var pauses = New();

        Assert.InRange(pauses.Begin(1, null)!.Value, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10));

        Assert.All(pauses.Rests(), rest => Assert.InRange(rest, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));
        Assert.Null(pauses.Begin(1, null));
        Assert.Null(pauses.Begin(4, null));
    }

    [Fact]
    public void A_flash_can_begin_its_own_pause_while_less_urgent_ones_pause_and_shortens_none()
    {
        var pauses = New();
        pauses.Begin(1, new NodeRefusal(Reasons.QuotaExceeded, "Later.", [], _long, new Dictionary<string, string>()));

        Assert.NotNull(pauses.Begin(4, null));

        Assert.InRange(pauses.Rests()[1], _long / 2, _long);
        Assert.InRange(pauses.Rests()[4], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_node_that_wants_nothing_holds_everything_back_for_the_time_told_and_never_longer_than_an_hour()
    {
        var pauses = New();
        Assert.False(pauses.IsHeldBack);

        pauses.HoldBack(_long);

        Assert.True(pauses.IsHeldBack);
        Assert.All(pauses.Rests(), rest => Assert.InRange(rest, _long / 2, _long));
        pauses.HoldBack(TimeSpan.MaxValue);
        Assert.All(pauses.Rests(), rest => Assert.InRange(rest, TimeSpan.FromMinutes(59), TimeSpan.FromHours(1)));
        pauses.Begin(2, new NodeRefusal(Reasons.QuotaExceeded, "Later.", [], _long, new Dictionary<string, string>()));
        pauses.HoldBack(TimeSpan.Zero);
        Assert.False(pauses.IsHeldBack);
        Assert.Equal([2], pauses.Rests().Index().Where(rest => rest.Item > TimeSpan.Zero).Select(rest => rest.Index));
    }

    private static Pauses New() =>
        new(new GatewayOptions { ReconnectFirst = TimeSpan.FromSeconds(10), ReconnectMax = TimeSpan.FromMinutes(1) }, TimeProvider.System, new Random(1));
}
