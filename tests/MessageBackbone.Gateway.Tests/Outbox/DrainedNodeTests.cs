using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Outbox;

/// <summary>A node that says that it takes nothing new, and what its gateways do meanwhile.</summary>
public sealed class DrainedNodeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_outbox_is_held_back_what_is_presented_is_received_and_afterwards_all_goes()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var operations = new OperationsService.OperationsServiceClient(
            (await house.Node.AddAsync(new Holder(HolderRole.Operator, "operator-1"))).Channel);
        var france = await house.AttendAsync("FR");
        var before = await france.SendAsync("DE");
        await france.AcceptedAsync(before);

        await operations.DrainAsync(new DrainRequest { RetryAfter = new() { Seconds = 600 } }, cancellationToken: Cancel);
        await Eventually.TrueAsync("the gateway was told", () => france.Parts.Sender.Trouble == "DRAINING");
        var held = await france.SendAsync("DE");
        // It comes although its gateway attends only now.
        var germany = await house.AttendAsync("DE");
        await germany.ReceivesAsync(before);
        Assert.Equal((1, 0, "DRAINING"), (france.Parts.Queue.Messages, france.Parts.Sender.InFlight, france.Parts.Sender.Trouble));
        Assert.DoesNotContain(france.Seen, happened => happened is GatewayEvent.Attendance { Attending: false });

        await operations.DrainAsync(new DrainRequest { End = true }, cancellationToken: Cancel);

        await france.AcceptedAsync(held);
        await germany.ReceivesAsync(held);
        Assert.Equal("", france.Parts.Sender.Trouble);
    }
}
