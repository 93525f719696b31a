using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Inbox;

public sealed class RecallStoreTests : IDisposable
{
    private static readonly DateTimeOffset _now = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Deletion_and_statement_are_stored_together_or_not_at_all_and_once()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var (inbox, outbox) = (new InboxStore(database), new OutboxStore(database));
        await inbox.KeepAsync(Arrival("m"), [1], Never, Cancel);

        var failing = Order("o") with { Answer = (_, _) => throw new InvalidOperationException("cut off") };
        await Assert.ThrowsAsync<InvalidOperationException>(() => KeepAsync(inbox, "o", failing));
        Assert.Equal([3, 4], inbox.Find("m")!.Body);
        Assert.Null(inbox.FindReceipt("o", [1]));
        Assert.Empty(outbox.Waiting());

        var first = await KeepAsync(inbox, "o", Order("o"));
        var again = await KeepAsync(inbox, "o", Order("o"));
        Assert.Equal("statement-o-Deleted", first.Statement!.MessageId);
        Assert.True(again.Repeated);
        Assert.Null(again.Statement);
        Assert.Equal("statement-o-Deleted", Assert.Single(outbox.Waiting()).MessageId);
        var recalled = inbox.Find("m")!;
        Assert.True(recalled.Entry.IsDeleted);
        Assert.Empty(recalled.Body);
        Assert.Equal([1], inbox.FindReceipt("m", [1])!.Receipt);
        Assert.Equal("o", new RecallStore(database).Newest("m")!.OrderId);
    }

    [Theory]
    [InlineData("StPO 101/8", true, RecallState.Retained)]
    [InlineData("StPO 101/8", false, RecallState.Deleted)]
    [InlineData("", true, RecallState.Deleted)]
    public async Task Only_what_was_opened_is_kept_and_only_on_a_legal_basis(string basis, bool opened, RecallState expected)
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);
        await inbox.KeepAsync(Arrival("m"), [1], Never, Cancel);
        if (opened) await inbox.OpenAsync(inbox.Find("m")!, "o-1", [2], _now, Cancel);

        await KeepAsync(inbox, "o", Order("o") with { RetainOpened = basis });

        Assert.Equal(expected, inbox.Find("m")!.Entry.Recall);
        Assert.Equal(expected == RecallState.Retained ? basis : "", new RecallStore(database).Find("o")!.LegalBasis);
        Assert.Equal(expected == RecallState.Deleted, inbox.Find("m")!.Body.Length == 0);
    }

    [Fact]
    public async Task What_was_recalled_is_not_opened_any_more_and_waits_for_nobody()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);
        await inbox.KeepAsync(Arrival("m"), [1], Never, Cancel);
        var seen = inbox.Find("m")!;

        await KeepAsync(inbox, "o", Order("o"));

        // Read before, opened after: the officer's gateway had it in hand already.
        Assert.False(await inbox.OpenAsync(seen, "o-1", [2], _now, Cancel));
        Assert.Null(inbox.Find("m")!.Entry.OpenedAt);
        Assert.DoesNotContain(inbox.List(new InboxQuery(Opened: false)), entry => entry.MessageId == "m");
        Assert.Equal((2, 1), inbox.Count());
    }

    [Fact]
    public async Task An_order_of_another_sender_or_for_another_header_touches_nothing_and_holds_back_nothing()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);
        await inbox.KeepAsync(Arrival("m"), [1], Never, Cancel);

        await KeepAsync(inbox, "o", Order("o") with { Sender = "ES" });
        await KeepAsync(inbox, "p", Order("p") with { HeaderSha256 = [9] });
        await KeepAsync(inbox, "q", Order("q") with { MessageId = "later", Sender = "ES" });
        await inbox.KeepAsync(Arrival("later"), [1], Never, Cancel);

        Assert.Equal([3, 4], inbox.Find("m")!.Body);
        Assert.Equal(RecallState.NotHeld, new RecallStore(database).Find("o")!.State);
        Assert.NotNull(inbox.Find("later"));
    }

    [Fact]
    public async Task What_comes_after_its_order_is_stored_as_recalled_and_shown_to_nobody()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var inbox = new InboxStore(database);
        await KeepAsync(inbox, "o", Order("o"));

        var late = Arrival("m");
        var kept = await inbox.KeepAsync(late, [1], new Instead(Never, () => (late with { Outcome = 2, Reason = "RECALLED", Body = [] }, [7])), null, Cancel);

        Assert.Equal((2, "RECALLED"), (kept.Outcome, kept.Reason));
        Assert.Equal([7], kept.Receipt);
        Assert.Null(inbox.Find("m"));
    }

    private static Task<Kept> KeepAsync(InboxStore inbox, string id, ReceivedOrder order) =>
        inbox.KeepAsync(Arrival(id), [1], new Instead(Never, Never), order, Cancel);

    private static ReceivedOrder Order(string id) => new(
        id, "m", [1], "FR", _now, "",
        (state, _) => new SignedMessage($"statement-{id}-{state}", 1, "statement.recall", "", ["FR"], [1], [1], [2]));

    private static (Arrival, byte[]) Never() => throw new InvalidOperationException("Nothing stands in its place.");

    private static Arrival Arrival(string id) => new(id, 1, "", "FR", 1, "text", "", "", "", false, 5, 1, _now, [1], [], [1, 2], [3, 4]);
}
