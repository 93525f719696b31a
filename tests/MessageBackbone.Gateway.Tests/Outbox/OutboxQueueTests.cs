using MessageBackbone.Gateway.Outbox;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Outbox;

public sealed class OutboxQueueTests
{
    [Fact]
    public void The_most_urgent_comes_first_and_within_a_precedence_the_oldest()
    {
        var queue = new OutboxQueue(10, 1000, 0);
        foreach (var (row, precedence) in new[] { (1, 1), (2, 4), (3, 1), (4, 4) }) queue.Put(Waiting(row, precedence));

        Assert.Equal([2L, 4L, 1L, 3L], Enumerable.Range(0, 4).Select(_ => queue.TryTake(_ => true)!.Row));
    }

    [Fact]
    public void What_is_not_urgent_enough_stays()
    {
        var queue = new OutboxQueue(10, 1000, 0);
        queue.Put(Waiting(1, 1));

        Assert.Null(queue.TryTake(level => level >= 2));
        Assert.NotNull(queue.TryTake(_ => true));
    }

    [Fact]
    public void A_level_that_pauses_is_passed_by_more_and_less_urgent_ones()
    {
        var queue = new OutboxQueue(10, 1000, 0);
        foreach (var (row, precedence) in new[] { (1, 1), (2, 3), (3, 2), (4, 3), (5, 1) }) queue.Put(Waiting(row, precedence));

        Assert.Equal([3L, 1L, 5L], Enumerable.Range(0, 3).Select(_ => queue.TryTake(level => level != 3)!.Row));
        Assert.Null(queue.TryTake(level => level != 3));
        Assert.Equal([2L, 4L], Enumerable.Range(0, 2).Select(_ => queue.TryTake(_ => true)!.Row));
    }

    [Theory]
    [InlineData(2, 1000)]
    [InlineData(100, 20)]
    public void A_full_outbox_has_room_for_as_many_flash_as_are_kept_for_it(int messages, long bytes)
    {
        var queue = new OutboxQueue(messages, bytes, 1);
        Assert.True(queue.TryReserve(10, Precedence.Routine));
        Assert.True(queue.TryReserve(10, Precedence.Routine));

        Assert.False(queue.TryReserve(10, Precedence.Immediate));
        Assert.True(queue.TryReserve(10, Precedence.Flash));
        Assert.False(queue.TryReserve(2_000_000, Precedence.Flash));
        Assert.False(queue.TryReserve(10, Precedence.Routine));
    }

    [Theory]
    [InlineData(2, 1000, 10)]
    [InlineData(100, 20, 10)]
    public void A_full_outbox_has_no_room_until_something_is_final(int messages, long bytes, int size)
    {
        var queue = new OutboxQueue(messages, bytes, 1);
        Assert.True(queue.TryReserve(size, Precedence.Immediate));
        Assert.True(queue.TryReserve(size, Precedence.Immediate));

        Assert.False(queue.TryReserve(size, Precedence.Immediate));
        queue.Free(size);
        Assert.True(queue.TryReserve(size, Precedence.Immediate));
    }

    [Fact]
    public void What_is_put_after_the_question_ends_the_wait()
    {
        var queue = new OutboxQueue(10, 1000, 0);
        var changed = queue.Changed();
        Assert.False(changed.IsCompleted);

        queue.Put(Waiting(1, 1));

        Assert.True(changed.IsCompletedSuccessfully);
        Assert.False(queue.Changed().IsCompleted);
    }

    private static WaitingMessage Waiting(long row, int precedence) => new(row, $"id-{row}", precedence, 10, 0);
}
