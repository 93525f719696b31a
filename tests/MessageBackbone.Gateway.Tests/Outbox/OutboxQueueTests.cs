using MessageBackbone.Gateway.Outbox;

namespace MessageBackbone.Gateway.Tests.Outbox;

public sealed class OutboxQueueTests
{
    [Fact]
    public void The_most_urgent_comes_first_and_within_a_precedence_the_oldest()
    {
        var queue = new OutboxQueue(10, 1000);
        foreach (var (row, precedence) in new[] { (1, 1), (2, 4), (3, 1), (4, 4) }) queue.Put(Waiting(row, precedence));

        Assert.Equal([2L, 4L, 1L, 3L], Enumerable.Range(0, 4).Select(_ => queue.TryTake(1)!.Row));
    }

    [Fact]
    public void What_is_not_urgent_enough_stays()
    {
        var queue = new OutboxQueue(10, 1000);
        queue.Put(Waiting(1, 1));

        Assert.Null(queue.TryTake(2));
        Assert.NotNull(queue.TryTake(1));
    }

    [Theory]
    [InlineData(2, 1000, 10)]
    [InlineData(100, 20, 10)]
    public void A_full_outbox_has_no_room_until_something_is_final(int messages, long bytes, int size)
    {
        var queue = new OutboxQueue(messages, bytes);
        Assert.True(queue.TryReserve(size));
        Assert.True(queue.TryReserve(size));

        Assert.False(queue.TryReserve(size));
        queue.Free(size);
        Assert.True(queue.TryReserve(size));
    }

    [Fact]
    public void What_is_put_after_the_question_ends_the_wait()
    {
        var queue = new OutboxQueue(10, 1000);
        var changed = queue.Changed();
        Assert.False(changed.IsCompleted);

        queue.Put(Waiting(1, 1));

        Assert.True(changed.IsCompletedSuccessfully);
        Assert.False(queue.Changed().IsCompleted);
    }

    private static WaitingMessage Waiting(long row, int precedence) => new(row, $"id-{row}", precedence, 10, 0);
}
