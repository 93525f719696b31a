using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Accepting;

public sealed class WorkingPlacesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_flash_share_is_left_free_by_everything_else_and_a_free_place_goes_to_the_most_urgent()
    {
        var places = new WorkingPlaces(new AcceptingOptions { AtOnce = 3, FlashShare = 1 });
        var first = await EnterAsync(places, Precedence.Routine);
        await EnterAsync(places, Precedence.Immediate);
        var waiting = new[] { Precedence.Routine, Precedence.Routine, Precedence.Immediate, Precedence.Priority, (Precedence)77 }
            .Select(precedence => (Precedence: precedence, Entering: EnterAsync(places, precedence))).ToList();
        Assert.All(waiting, one => Assert.False(one.Entering.IsCompleted));

        var flash = EnterAsync(places, Precedence.Flash);
        Assert.True(flash.IsCompletedSuccessfully);
        var second = EnterAsync(places, Precedence.Flash);
        Assert.False(second.IsCompleted);
        first.Dispose();
        first.Dispose();
        (await flash).Dispose();
        (await second).Dispose();

        foreach (var next in (int[])[2, 3, 0, 1, 4])
        {
            var place = await waiting[next].Entering.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
            Assert.Equal(4 - Array.IndexOf([2, 3, 0, 1, 4], next), waiting.Count(one => !one.Entering.IsCompleted));
            place.Dispose();
        }
    }

    [Fact]
    public async Task Those_that_wait_are_bounded_by_number_by_bytes_and_for_each_bureau()
    {
        var places = new WorkingPlaces(new AcceptingOptions { AtOnce = 2, FlashShare = 1, Waiting = 3, WaitingOfOneBureau = 2, WaitingBytes = 1000 });
        await EnterAsync(places, Precedence.Routine);
        await EnterAsync(places, Precedence.Flash);
        Assert.False(EnterAsync(places, Precedence.Routine, bytes: 500).IsCompleted);

        await TurnedAwayAsync(EnterAsync(places, Precedence.Routine, bytes: 501));
        Assert.False(EnterAsync(places, Precedence.Routine, bytes: 0).IsCompleted);
        await TurnedAwayAsync(EnterAsync(places, Precedence.Routine, bytes: 0));
        Assert.False(EnterAsync(places, Precedence.Routine, "DE", 0).IsCompleted);
        await TurnedAwayAsync(EnterAsync(places, Precedence.Routine, "ES", 0));

        Assert.False(EnterAsync(places, Precedence.Priority, "ES", 1000).IsCompleted);
        Assert.False(EnterAsync(places, Precedence.Flash, "ES", 1000).IsCompleted);
    }

    [Fact]
    public async Task Who_leaves_before_its_turn_makes_room_and_gets_no_place()
    {
        var places = new WorkingPlaces(new AcceptingOptions { AtOnce = 2, FlashShare = 1, Waiting = 1 });
        var place = await EnterAsync(places, Precedence.Routine);
        using var gone = new CancellationTokenSource();
        var leaving = places.EnterAsync("FR", Precedence.Routine, 10, gone.Token);
        await TurnedAwayAsync(EnterAsync(places, Precedence.Routine));

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        var next = EnterAsync(places, Precedence.Routine);
        Assert.False(next.IsCompleted);
        place.Dispose();

        await next.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => places.EnterAsync("FR", Precedence.Routine, 10, new CancellationToken(true)));
        Assert.False(EnterAsync(places, Precedence.Routine).IsCompleted);
    }

    private static Task<WorkingPlaces.Place> EnterAsync(WorkingPlaces places, Precedence precedence, string bureau = "FR", int bytes = 10) =>
        places.EnterAsync(bureau, precedence, bytes, Cancel);

    private static async Task TurnedAwayAsync(Task entering)
    {
        Assert.True(entering.IsFaulted);
        var refused = await Assert.ThrowsAsync<RefusalException>(() => entering);
        Assert.Equal(Reasons.StoreUnavailable, refused.Reason);
        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
    }
}
