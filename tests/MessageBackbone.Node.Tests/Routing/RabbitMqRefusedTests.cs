using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>A broker that does not know the node's password any more.</summary>
public sealed class RabbitMqRefusedTests(DyingBroker broker) : IClassFixture<DyingBroker>
{
    private const string User = "backbone-node", Password = "Harbour-7-pass";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_changed_password_is_told_without_telling_it_and_everything_goes_on_when_it_is_right_again()
    {
        var (attended, other) = (new LaneKey("HR", Precedence.Flash), new LaneKey("HR", Precedence.Routine));
        await broker.ControlAsync("add_user", User, Password);
        await broker.ControlAsync("set_permissions", User, ".*", ".*", ".*");
        var address = new UriBuilder(broker.Address) { UserName = User, Password = Password }.Uri;
        await using var node = await RabbitMqNode.StartAsync(address, null, "HR");
        await node.UpAsync();
        var (attachment, arrived) = await node.AttachAsync(attended);
        await node.Scenario.AcceptAsync(Precedence.Flash, "HR");
        (await arrived.ReadAsync(Cancel)).Done();

        await broker.ControlAsync("change_password", User, "another");
        await broker.ControlAsync("close_all_connections", "the test's");
        await Eventually.TrueAsync("the refusal is told", () => node.Lanes.Condition == TransportCondition.Refused);
        var told = node.Lanes.State;
        Assert.Equal(1, TransportGauge.Highest("refused"));
        await node.Scenario.AcceptAsync(Precedence.Flash, "HR");
        await node.Scenario.AcceptAsync(Precedence.Routine, "HR");
        await Eventually.TrueAsync("both are planned", () => node.Scenario.Plan.Ask.Lanes().Sum(lane => lane.Waiting) == 2);
        Assert.False(node.Lanes.Takes(other));
        await broker.ControlAsync("change_password", User, Password);

        (await arrived.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel)).Done();
        await node.PublishedAsync(other, 1);
        Assert.Equal("connected", node.Lanes.State);
        // No other test has a broker that refuses.
        Assert.Equal(0, TransportGauge.Highest("refused"));
        Assert.StartsWith("refused: ACCESS_REFUSED", told, StringComparison.Ordinal);
        node.Logs.AssertNowhere(Password, Uri.EscapeDataString(address.UserInfo));
        Assert.DoesNotContain(Password, told, StringComparison.Ordinal);
        await attachment.DisposeAsync();
    }

    [Fact]
    public async Task Rights_that_were_taken_away_are_told_as_such()
    {
        await broker.ControlAsync("add_user", "without-rights", Password);
        await broker.ControlAsync("set_permissions", "without-rights", "", "", "");
        var address = new UriBuilder(broker.Address) { UserName = "without-rights", Password = Password }.Uri;
        await using var node = await RabbitMqNode.StartAsync(address, null, "LI");

        await Eventually.TrueAsync("the refusal is told", () => node.Lanes.Condition == TransportCondition.Refused);

        Assert.StartsWith("refused: ACCESS_REFUSED", node.Lanes.State, StringComparison.Ordinal);
        node.Logs.AssertNowhere(Password);
    }
}
