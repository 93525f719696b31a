using MessageBackbone.Node.Projecting;

namespace MessageBackbone.Node.Tests.Projecting;

public sealed class GuardedPartsTests
{
    [Fact]
    public async Task A_part_that_fails_stops_alone_and_says_why_and_the_end_of_all_is_no_failure()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var told = new List<(string, string)>();
        var parts = new GuardedParts((part, reason) => told.Add((part, reason)));
        Assert.Equal("starting", parts.State);
        var other = new TaskCompletionSource();

        var running = parts.RunAsync(stop.Token, ("one", _ => Task.FromException(new InvalidOperationException("no"))), ("other", token => other.Task.WaitAsync(token)));

        Assert.Equal("one stopped: no", parts.State);
        Assert.False(running.IsCompleted);
        await stop.CancelAsync();
        await running;
        Assert.Equal([("one", "no")], told);
    }

    [Fact]
    public async Task Parts_that_run_are_running()
    {
        var (parts, ends) = (new GuardedParts((_, _) => { }), new TaskCompletionSource());

        var running = parts.RunAsync(CancellationToken.None, ("one", _ => ends.Task));

        Assert.Equal("running", parts.State);
        ends.SetResult();
        await running;
    }
}
