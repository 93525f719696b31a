using MessageBackbone.EventLog.Sqlite;

namespace MessageBackbone.EventLog.Tests.Sqlite;

public sealed class CommittedEndTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task No_move_is_missed_by_a_follower_that_looks_at_the_same_moment()
    {
        const int moves = 200_000;
        var end = new CommittedEnd();
        var followed = 0L;
        var follower = Task.Run(async () =>
        {
            while (Volatile.Read(ref followed) < moves)
                Volatile.Write(ref followed, await end.BeyondAsync(new((ulong)Volatile.Read(ref followed)), Cancel));
        }, Cancel);

        // Each move waits until the one before was seen, so a missed one stops both. It spins: a signal would give the follower time to wait again before
        // the next move, and the moment that is tested, a move between its look and its wait, would hardly ever come.
        for (var i = 1; i <= moves; i++)
        {
            end.Move(i);
            SpinWait.SpinUntil(() => Volatile.Read(ref followed) >= i || Cancel.IsCancellationRequested);
        }

        await follower;
        Assert.Equal(moves, followed);
    }

    [Fact]
    public async Task Closing_wakes_those_who_wait_and_refuses_those_who_come_later()
    {
        var end = new CommittedEnd();
        var waiting = end.BeyondAsync(default, Cancel).AsTask();

        end.Close(new EventLogUnavailableException("closed"));

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => waiting);
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await end.BeyondAsync(default, Cancel));
    }
}
