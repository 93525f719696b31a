using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Projecting;

public sealed class MessageQueriesTests
{
    private static readonly DateTimeOffset Start = ProjectedLog.Start;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_count_of_the_board_is_the_number_of_messages_that_are_found(int seed)
    {
        await using var log = await ProjectedLog.OpenAsync();
        var (board, clocks) = (await log.FollowAsync(BoardTally.Projection), new ServiceClockQueries(await log.FollowAsync(ServiceClockRows.Projection)));
        var follower = await log.FollowAsync(MessageIndex.Projection);
        await new VariedHistory(log, seed).RunAsync(400);
        await Task.WhenAll(board.CatchUpAsync(Cancel), clocks.CatchUpAsync(Cancel), follower.CatchUpAsync(Cancel));
        var messages = new MessageQueries(follower);

        async Task<ulong> Found(MessageFilter filter) => (ulong)(await AllAsync(messages, filter, 50)).Count;

        var counts = await board.File.ReadAsync(
            session => session.Prepare("SELECT bureau, precedence, state, deliveries FROM tally")
                .All(row => (row.Text(0), (Precedence)row.Number(1), (DeliveryState)row.Number(2), (ulong)row.Number(3))), Cancel);
        Assert.True(counts.Count > 50);
        foreach (var (bureau, precedence, state, count) in counts)
        {
            Assert.Equal(count, await Found(new() { Recipient = bureau, Precedence = precedence, State = state }));
            Assert.Equal(count, await Found(new() { Bureau = bureau, Precedence = precedence, State = state }));
        }

        var late = await clocks.LateAsync(Cancel);
        Assert.Contains(late, row => row.Deliveries > 0);
        foreach (var (bureau, precedence, count) in late)
            Assert.Equal(count, await Found(new() { Recipient = bureau, Precedence = precedence, Late = true }));
        Assert.Equal(late.Sum(row => (long)row.Deliveries), (await AllAsync(messages, new(), 50)).Sum(hit => hit.Copies.Count(copy => copy.Late)));
    }

    [Theory]
    [InlineData(4, 3)]
    [InlineData(5, 1000)]
    public async Task Every_filter_finds_what_reading_all_of_them_finds_whatever_the_bound(int seed, int bound)
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(MessageIndex.Projection);
        var history = new VariedHistory(log, seed);
        await history.RunAsync(300);
        await follower.CatchUpAsync(Cancel);
        var messages = new MessageQueries(follower);
        var all = await AllAsync(messages, new(), 50);
        Assert.Equal(history.Accepted.Select(a => a.Content.MessageId), all.OrderBy(hit => hit.Position).Select(hit => hit.Id));
        Assert.Equal(all.OrderByDescending(hit => hit.AcceptedAt).ThenByDescending(hit => hit.Position), all);

        foreach (var filter in Filters(all[7]))
        {
            var expected = all.Where(hit => Fits(filter, hit)).Select(hit => hit.Id).ToList();
            Assert.Equal(expected, (await AllAsync(messages, filter, 4, bound)).Select(hit => hit.Id));
        }
    }

    [Fact]
    public async Task A_page_that_met_the_bound_says_how_far_back_it_looked_and_goes_on_from_there()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(MessageIndex.Projection);
        for (var i = 0; i < 12; i++)
            await log.AppendAsync(StreamId.Message(Id(i)), ProjectedLog.Accepted(Id(i), i == 0 ? "FR" : "ES", Precedence.Routine, Start.AddMinutes(i), "DE"));
        await follower.CatchUpAsync(Cancel);
        var messages = new MessageQueries(follower);
        var filter = new MessageFilter { Recipient = "DE", State = DeliveryState.Opened };

        var page = await messages.SearchAsync(filter, null, 10, 5, Cancel);
        Assert.Equal((0, Start.AddMinutes(7)), (page.Hits.Count, page.LookedBackTo));
        page = await messages.SearchAsync(filter, page.Older, 10, 5, Cancel);
        Assert.Equal((0, Start.AddMinutes(2)), (page.Hits.Count, page.LookedBackTo));
        page = await messages.SearchAsync(filter, page.Older, 10, 5, Cancel);
        Assert.Equal((0, default, default), (page.Hits.Count, page.Older, page.LookedBackTo));
        // What has an index of its own is not looked for in vain.
        page = await messages.SearchAsync(new() { Recipient = "DE", Exercise = true }, null, 10, 5, Cancel);
        Assert.Equal((0, default, default), (page.Hits.Count, page.Older, page.LookedBackTo));
    }

    [Fact]
    public async Task A_full_page_leads_to_the_next_and_the_last_one_to_none()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(MessageIndex.Projection);
        for (var i = 0; i < 4; i++) await log.AppendAsync(StreamId.Message(Id(i)), ProjectedLog.Accepted(Id(i), "FR", Precedence.Routine, Start, "DE"));
        await follower.CatchUpAsync(Cancel);
        var messages = new MessageQueries(follower);

        var first = await messages.SearchAsync(new(), null, 2, Cancel);
        var second = await messages.SearchAsync(new(), MessagePlace.Parse(first.Older?.ToString()), 2, Cancel);

        Assert.Equal([Id(3), Id(2)], first.Hits.Select(hit => hit.Id));
        Assert.Equal([Id(1), Id(0)], second.Hits.Select(hit => hit.Id));
        Assert.Null(second.Older);
        Assert.Null(MessagePlace.Parse("12"));
        Assert.Null(MessagePlace.Parse("a.b"));
    }

    [Fact]
    public async Task A_message_is_found_by_id_with_where_it_stands()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(MessageIndex.Projection);
        var position = await log.AcceptAsync(Id(1), "FR", Precedence.Flash, "DE", "ES");
        await log.DeliverAsync(Id(1), "ES");
        await log.AppendAsync(StreamId.Delivery(Id(1), "ES"), new Escalated { MessageId = Id(1), Recipient = "ES", Step = EscalationStep.DutyDesk });
        await follower.CatchUpAsync(Cancel);
        var messages = new MessageQueries(follower);

        var hit = await messages.FindAsync(Id(1), Cancel);

        Assert.Equal((position, "FR", "text", Precedence.Flash, "2026/17", Classification.Restricted, Start),
            (hit!.Position, hit.From, hit.Kind, hit.Precedence, hit.Reference, hit.Classification, hit.AcceptedAt));
        Assert.Equal([new("DE", DeliveryState.Waiting, false), new("ES", DeliveryState.Delivered, true)], hit.Copies);
        Assert.Null(await messages.FindAsync(Id(2), Cancel));
        Assert.Null(await messages.FindAsync("../../etc", Cancel));
        Assert.Empty((await messages.SearchAsync(new() { MessageId = "../../etc" }, null, 5, Cancel)).Hits);
    }

    [Fact]
    public async Task A_conversation_is_told_in_the_order_of_the_log_and_a_message_alone_has_its_replies()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(MessageIndex.Projection);
        for (var i = 1; i <= 5; i++)
        {
            var accepted = ProjectedLog.Accepted(Id(i), "FR", Precedence.Routine, Start.AddMinutes(-i), "DE");
            if (i <= 3) accepted.Content.ConversationId = Id(9);
            if (i == 5) accepted.Content.InReplyTo = Id(4);
            await log.AppendAsync(StreamId.Message(Id(i)), accepted);
        }

        await follower.CatchUpAsync(Cancel);
        var messages = new MessageQueries(follower);

        Assert.Equal([Id(1), Id(2), Id(3)], (await messages.ConversationAsync(Id(9), 10, Cancel)).Select(hit => hit.Id));
        Assert.Equal([Id(1), Id(2)], (await messages.ConversationAsync(Id(9), 2, Cancel)).Select(hit => hit.Id));
        Assert.Equal([Id(4), Id(5)], (await messages.ConversationAsync(Id(4), 10, Cancel)).Select(hit => hit.Id));
    }

    [Fact]
    public async Task Rows_of_copies_do_not_depend_on_where_a_batch_ended()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(MessageIndex.Projection);
        await new VariedHistory(log, 6).RunAsync(300, () => follower.CatchUpAsync(Cancel));
        var oneByOne = await ProjectedLog.DumpAsync(follower);
        await follower.DisposeAsync();
        // Without what a writer remembers.
        var again = await log.FollowAsync(MessageIndex.Projection);
        Assert.Equal(oneByOne, await ProjectedLog.DumpAsync(again));

        await again.RebuildAsync(Cancel);

        Assert.Equal(oneByOne, await ProjectedLog.DumpAsync(again));
    }

    private static string Id(int number) => $"00000000-0000-7000-8000-{number:D12}";

    private static IEnumerable<MessageFilter> Filters(MessageHit one)
    {
        var parts = new Func<MessageFilter, MessageFilter>[]
        {
            f => f with { Reference = one.Reference }, f => f with { ConversationId = one.ConversationId }, f => f with { Sender = one.From },
            f => f with { Recipient = one.Copies[0].Bureau }, f => f with { Bureau = one.From }, f => f with { Kind = one.Kind }, f => f with { Topic = "art" },
            f => f with { Precedence = one.Precedence }, f => f with { State = DeliveryState.Delivered }, f => f with { State = DeliveryState.Refused },
            f => f with { State = DeliveryState.Waiting }, f => f with { Late = true }, f => f with { Late = false }, f => f with { Exercise = true },
            f => f with { Exercise = false }, f => f with { AcceptedFrom = one.AcceptedAt.AddMinutes(-20) }, f => f with { AcceptedBefore = one.AcceptedAt },
            f => f with { MessageId = one.Id },
        };
        foreach (var part in parts)
            foreach (var other in parts) yield return other(part(new()));
        foreach (var part in parts) yield return part(new() { Bureau = one.Copies[0].Bureau, Late = true, AcceptedFrom = Start });
    }

    private static bool Fits(MessageFilter f, MessageHit hit)
    {
        var holder = f.Recipient ?? (f.State is null && f.Late is null ? null : f.Bureau);
        return (f.MessageId is null || hit.Id == f.MessageId) && (f.Reference is null || hit.Reference == f.Reference)
            && (f.ConversationId is null || hit.ConversationId == f.ConversationId) && (f.Sender is null || hit.From == f.Sender)
            && (f.Kind is null || hit.Kind == f.Kind) && (f.Topic is null || hit.Topic == f.Topic) && (f.Precedence is null || hit.Precedence == f.Precedence)
            && (f.Exercise is null || hit.Exercise == f.Exercise) && (f.AcceptedFrom is null || hit.AcceptedAt >= f.AcceptedFrom)
            && (f.AcceptedBefore is null || hit.AcceptedAt < f.AcceptedBefore)
            && (f.Bureau is null || f.Bureau == holder || hit.From == f.Bureau || hit.Copies.Any(copy => copy.Bureau == f.Bureau))
            && hit.Copies.Any(copy => (holder is null || copy.Bureau == holder) && (f.State is null || copy.State == f.State)
                && (f.Late is null || copy.Late == f.Late));
    }

    private static async Task<List<MessageHit>> AllAsync(MessageQueries messages, MessageFilter filter, int limit, int bound = MessageQueries.MostCandidates)
    {
        var hits = new List<MessageHit>();
        for (MessagePlace? before = null; ;)
        {
            var page = await messages.SearchAsync(filter, before, limit, bound, Cancel);
            hits.AddRange(page.Hits);
            Assert.True(page.Hits.Count <= limit);
            if (page.Older is null) return hits;
            Assert.NotEqual(before, page.Older);
            before = page.Older;
        }
    }
}
