using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Storing;

namespace MessageBackbone.Gateway.Tests.Inbox;

public sealed class InboxStoreTests : IDisposable
{
    private static readonly DateTimeOffset _now = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_repeated_delivery_is_shown_once_and_answered_with_the_first_receipt()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);

        var first = await inbox.KeepAsync(Arrival("a", 1), [1], NoConflict, Cancel);
        var second = await inbox.KeepAsync(Arrival("a", 1), [2], NoConflict, Cancel);

        Assert.False(first.Repeated);
        Assert.True(second.Repeated);
        Assert.Equal([1], second.Receipt);
        Assert.Single(inbox.List(new InboxQuery()));
    }

    [Fact]
    public async Task The_receipt_has_the_same_bytes_after_a_restart()
    {
        await using (var first = GatewayDatabase.Open(_folder.Path))
            await new InboxStore(first).KeepAsync(Arrival("a", 1), [1, 2, 3], NoConflict, Cancel);

        await using var second = GatewayDatabase.Open(_folder.Path);

        Assert.Equal([1, 2, 3], new InboxStore(second).FindReceipt("a", [1])!.Receipt);
        Assert.Equal([1, 2, 3], Assert.Single(new ReceiptStore(second).ToSend(5, 0, long.MaxValue, 10)).Signed);
    }

    [Fact]
    public async Task Many_deliveries_of_one_message_at_the_same_time_leave_one_row()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);

        var kept = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => inbox.KeepAsync(Arrival("a", 1), [(byte)i], NoConflict, Cancel)));

        Assert.Single(kept, k => !k.Repeated);
        Assert.Single(kept.Select(k => k.Receipt[0]).Distinct());
        Assert.Single(inbox.List(new InboxQuery()));
    }

    [Fact]
    public async Task What_comes_after_one_that_could_not_be_kept_is_not_kept_before_it()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);
        await ExecuteAsync("create trigger fault before insert on inbox when new.message_id = 'b' begin select raise(abort, 'the disk gives errors'); end");

        var first = await KeepAllAsync(inbox);

        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => first[1]);
        await Assert.ThrowsAsync<InboxOrderException>(() => first[2]);
        Assert.Equal(["a"], inbox.List(new InboxQuery(NewestFirst: true)).Select(entry => entry.MessageId));
        await ExecuteAsync("drop trigger fault");
        await Task.WhenAll(await KeepAllAsync(inbox));
        Assert.Equal(["c", "b", "a"], inbox.List(new InboxQuery(NewestFirst: true)).Select(entry => entry.MessageId));
    }

    [Fact]
    public async Task Another_header_under_an_id_that_is_shown_is_kept_apart()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);
        await inbox.KeepAsync(Arrival("a", 1), [1], NoConflict, Cancel);
        var other = Arrival("a", 1) with { HeaderSha256 = [2] };

        var kept = await inbox.KeepAsync(other, [2], () => (other with { Outcome = 4 }, [44]), Cancel);

        Assert.Equal([44], kept.Receipt);
        Assert.Equal(4, kept.Outcome);
        Assert.Single(inbox.List(new InboxQuery()));
    }

    [Fact]
    public async Task What_came_after_a_row_is_listed_in_the_order_in_which_it_came_whatever_its_precedence()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);
        await inbox.KeepAsync(Arrival("a", 1), [1], NoConflict, Cancel);
        var start = inbox.LastRow();
        await inbox.KeepAsync(Arrival("b", 1), [1], NoConflict, Cancel);
        await inbox.KeepAsync(Arrival("c", 4), [1], NoConflict, Cancel);
        await inbox.KeepAsync(Arrival("d", 2) with { Outcome = 2, Reason = "CANNOT_OPEN" }, [1], NoConflict, Cancel);

        var (first, next) = inbox.ListAfter(start, new InboxQuery(Limit: 1));
        var (rest, end) = inbox.ListAfter(next, new InboxQuery(Limit: 10));

        Assert.Equal(["b"], first.Select(e => e.MessageId));
        Assert.Equal(["c"], rest.Select(e => e.MessageId));
        Assert.Equal(inbox.LastRow(), end);
        Assert.Empty(inbox.ListAfter(end, new InboxQuery()).Entries);
    }

    [Fact]
    public async Task What_was_refused_is_not_shown()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);

        await inbox.KeepAsync(Arrival("a", 1) with { Outcome = 2, Reason = "CANNOT_OPEN" }, [1], NoConflict, Cancel);

        Assert.Empty(inbox.List(new InboxQuery()));
        Assert.Null(inbox.Find("a"));
    }

    [Fact]
    public async Task A_genuine_message_is_shown_although_a_forged_one_with_its_id_was_refused_before()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);
        await inbox.KeepAsync(Arrival("a", 1) with { Outcome = 2, HeaderSha256 = [66] }, [66], NoConflict, Cancel);

        await inbox.KeepAsync(Arrival("a", 1), [1], NoConflict, Cancel);

        Assert.Equal([1], inbox.Find("a")!.HeaderSha256);
    }

    [Fact]
    public async Task The_list_is_most_urgent_first_and_then_newest_first()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);
        foreach (var (id, precedence) in new[] { ("a", 1), ("b", 4), ("c", 1), ("d", 4) }) await inbox.KeepAsync(Arrival(id, precedence), [1], NoConflict, Cancel);

        Assert.Equal(["d", "b", "c", "a"], inbox.List(new InboxQuery()).Select(e => e.MessageId));
        Assert.Equal(["d", "c", "b", "a"], inbox.List(new InboxQuery(NewestFirst: true)).Select(e => e.MessageId));
        Assert.Equal(["d", "b"], inbox.List(new InboxQuery(Precedence: 4)).Select(e => e.MessageId));
        Assert.Empty(inbox.List(new InboxQuery(Sender: "JP")));
    }

    [Fact]
    public async Task A_message_is_opened_once()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var (inbox, receipts) = (new InboxStore(database), new ReceiptStore(database));
        await inbox.KeepAsync(Arrival("a", 1), [1], NoConflict, Cancel);
        var message = inbox.Find("a")!;

        Assert.True(await inbox.OpenAsync(message, "officer-7", [3], _now.AddMinutes(1), Cancel));
        Assert.False(await inbox.OpenAsync(message, "officer-8", [4], _now.AddMinutes(2), Cancel));

        Assert.Equal(("officer-7", _now.AddMinutes(1)), (inbox.Find("a")!.Entry.Officer, inbox.Find("a")!.Entry.OpenedAt));
        Assert.Equal([3], receipts.Find("a", ReceiptKind.Opened)!.Signed);
        Assert.Equal((1L, 0L), inbox.Count());
    }

    [Fact]
    public async Task A_recorded_receipt_is_not_sent_again()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var (inbox, receipts) = (new InboxStore(database), new ReceiptStore(database));
        await inbox.KeepAsync(Arrival("a", 1), [1], NoConflict, Cancel);

        Assert.True(await receipts.RecordAsync("a", [1], ReceiptKind.Answer, 20, Cancel));
        Assert.False(await receipts.RecordAsync("a", [1], ReceiptKind.Answer, 20, Cancel));

        Assert.Empty(receipts.ToSend(5, 0, long.MaxValue, 10));
    }

    [Fact]
    public async Task A_refused_receipt_is_kept_and_not_sent_again_by_itself()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var (inbox, receipts) = (new InboxStore(database), new ReceiptStore(database));
        await inbox.KeepAsync(Arrival("a", 1), [1], NoConflict, Cancel);

        await receipts.RefuseAsync("a", [1], ReceiptKind.Answer, "ALREADY_FINAL", Cancel);

        Assert.Equal(0, receipts.CountToSend());
        Assert.Equal([1], inbox.FindReceipt("a", [1])!.Receipt);
    }

    [Fact]
    public async Task A_receipt_signed_again_takes_the_place_of_the_refused_one_until_the_node_has_recorded_it()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var (inbox, receipts) = (new InboxStore(database), new ReceiptStore(database));
        await inbox.KeepAsync(Arrival("a", 1), [1], NoConflict, Cancel);

        Assert.Equal([2], await receipts.ReplaceAsync("a", [1], ReceiptKind.Answer, [1], [2], Cancel));
        Assert.Equal([2], await receipts.ReplaceAsync("a", [1], ReceiptKind.Answer, [1], [3], Cancel)); // another was first: all send the same
        Assert.Equal([2], Assert.Single(receipts.ToSend(5, 0, long.MaxValue, 10)).Signed);
        await receipts.RecordAsync("a", [1], ReceiptKind.Answer, 20, Cancel);

        Assert.Null(await receipts.ReplaceAsync("a", [1], ReceiptKind.Answer, [2], [4], Cancel));
        Assert.Equal([2], inbox.FindReceipt("a", [1])!.Receipt);
    }

    [Fact]
    public async Task Receipts_are_sent_most_urgent_first_in_pages()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var (inbox, receipts) = (new InboxStore(database), new ReceiptStore(database));
        foreach (var (id, precedence) in new[] { ("a", 1), ("b", 4), ("c", 1), ("d", 4) }) await inbox.KeepAsync(Arrival(id, precedence), [1], NoConflict, Cancel);

        var first = receipts.ToSend(5, 0, long.MaxValue, 3);

        Assert.Equal(["b", "d", "a"], first.Select(r => r.MessageId));
        Assert.Equal(["c"], receipts.ToSend(first[^1].Precedence, first[^1].Row, long.MaxValue, 3).Select(r => r.MessageId));
    }

    // As a lane hands them in: each with the one before it, none awaited in between.
    private static async Task<List<Task<Kept>>> KeepAllAsync(InboxStore inbox)
    {
        var keeping = new List<Task<Kept>>();
        foreach (var id in (string[])["a", "b", "c"])
        {
            var before = keeping.LastOrDefault();
            keeping.Add(await inbox.HandInAsync(
                Arrival(id, 1), [1], new Instead(NoConflict, NoConflict), null, () => before is not { IsCompleted: true, IsCompletedSuccessfully: false }, Cancel));
        }
        return keeping;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_folder.Path, "gateway.db")};Pooling=False");
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static (Arrival, byte[]) NoConflict() => throw new InvalidOperationException("There is no conflict here.");

    private static Arrival Arrival(string id, int precedence) => new(
        id, 1, "", "FR", precedence, "text", "", "", "", false, 5, 1, _now, [1], [], [1, 2], [3, 4]);
}
