using System.Collections.Concurrent;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Sending;

/// <summary>A node that has no room for one precedence.</summary>
public sealed class QuotaTests
{
    [Fact]
    public async Task Routine_above_its_quota_waits_as_long_as_told_and_holds_up_nothing_else()
    {
        await using var house = await GatewayHouse.OpenAsync(options => options.Accepting.Routine = new Quota { PerSecond = 0.001, Burst = 1 }, "FR", "DE");
        var france = await house.AttendAsync("FR", clock: house.Node.Clock);
        await france.AcceptedAsync(await france.SendAsync("DE"));
        var second = await france.SendAsync("DE");
        await Eventually.TrueAsync("the second is refused by the quota", () => france.Parts.Sender.Trouble == Reasons.QuotaExceeded);

        foreach (var urgent in (Precedence[])[Precedence.Priority, Precedence.Flash, Precedence.Immediate, Precedence.Flash])
            await france.AcceptedAsync(await france.SendAsync("DE", precedence: urgent));

        Assert.Equal(Reasons.QuotaExceeded, france.Parts.Sender.Trouble);
        Assert.DoesNotContain(france.Seen.OfType<GatewayEvent.Accepted>(), accepted => accepted.Message == second);
        Assert.Empty(france.Seen.OfType<GatewayEvent.Refused>());
        // The gateway waits no longer than the longest that it lets a node tell it.
        house.Node.Clock.Elapse(TimeSpan.FromSeconds(1001));
        await france.SendAsync("DE", precedence: Precedence.Flash);
        await france.AcceptedAsync(second);
        Assert.Equal("", france.Parts.Sender.Trouble);
    }

    [Theory]
    [InlineData(Reasons.StoreUnavailable)]
    [InlineData(Reasons.QuotaExceeded)]
    public async Task A_backlog_that_the_node_has_no_place_for_lets_every_more_urgent_one_pass(string reason)
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("FR");
        var tried = new ConcurrentQueue<Precedence>();
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        between.Submit = (request, pass, _) =>
        {
            var precedence = house["FR"].HeaderOf(request.Envelope).Precedence;
            tried.Enqueue(precedence);
            if (precedence != Precedence.Routine) return pass();
            refused.TrySetResult();
            throw new RefusalException(reason, "Send the same bytes again later.", retryAfter: TimeSpan.FromMinutes(10)).ToStatus();
        };
        var france = await house.AttendAsync("FR", o => o.SubmitInFlight = 4, between.Address);
        for (var i = 0; i < 20; i++) await france.SendAsync("DE");
        await refused.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        await france.AcceptedAsync(await france.SendAsync("DE", precedence: Precedence.Flash));
        await france.AcceptedAsync(await france.SendAsync("DE", precedence: Precedence.Priority));

        // Those that were under way at the first refusal, and no other after it.
        Assert.InRange(tried.Count(precedence => precedence == Precedence.Routine), 1, 4);
        Assert.Equal(20, france.Parts.Queue.Messages);
    }
}
