using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Storing;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Gateway.Tests.Outbox;

public sealed class OutboxStoreTests : IDisposable
{
    private static readonly DateTimeOffset _now = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);
    private static readonly Origin _origin = new("token", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", _now);

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_message_that_was_added_waits_with_the_same_bytes_after_a_restart()
    {
        var message = Message("id-1", 2);
        await using (var first = GatewayDatabase.Open(_folder.Path)) await new OutboxStore(first).AddAsync(message, _origin, Cancel);

        await using var second = GatewayDatabase.Open(_folder.Path);
        var store = new OutboxStore(second);
        var read = store.Read(Assert.Single(store.Waiting()).Row).Signed;

        Assert.Equal(message.Header, read.Header);
        Assert.Equal(message.Body, read.Body);
        Assert.Equal(message.Recipients, read.Recipients);
    }

    [Fact]
    public async Task An_id_is_taken_once()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var store = new OutboxStore(database);
        var first = await store.AddAsync(Message("id-1", 2), _origin, Cancel);

        await Assert.ThrowsAsync<SqliteException>(() => store.AddAsync(Message("id-1", 2) with { HeaderSha256 = [2] }, _origin, Cancel));
        // As a commit that was told as failed, and is there, is run again.
        Assert.Equal(first, await store.AddAsync(Message("id-1", 2), _origin, Cancel));
        Assert.Single(store.Waiting());
    }

    [Fact]
    public async Task What_waits_is_listed_most_urgent_first_and_then_in_the_order_added()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var store = new OutboxStore(database);
        foreach (var (id, precedence) in new[] { ("a", 1), ("b", 4), ("c", 1), ("d", 4) }) await store.AddAsync(Message(id, precedence), _origin, Cancel);

        Assert.Equal(["b", "d", "a", "c"], store.Waiting().Select(w => w.MessageId));
    }

    [Fact]
    public async Task An_accepted_message_keeps_its_receipt_and_waits_no_more()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var store = new OutboxStore(database);
        var added = await store.AddAsync(Message("a", 1), _origin, Cancel);

        await store.AcceptAsync(added.Row, 17, [9, 9], _now.AddSeconds(1), Cancel);

        var entry = store.Find("a")!;
        Assert.Equal((OutboxState.Accepted, 17L, _now.AddSeconds(1)), (entry.State, entry.Position, entry.DecidedAt));
        Assert.Equal([9, 9], entry.Receipt);
        Assert.Empty(store.Waiting());
    }

    [Fact]
    public async Task A_late_refusal_does_not_undo_an_acceptance()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var store = new OutboxStore(database);
        var added = await store.AddAsync(Message("a", 1), _origin, Cancel);
        await store.AcceptAsync(added.Row, 17, [9], _now, Cancel);

        await store.RefuseAsync(added.Row, "MALFORMED", "text", _now, Cancel);

        Assert.Equal(OutboxState.Accepted, store.Find("a")!.State);
    }

    [Fact]
    public async Task A_replaced_message_names_the_new_one_and_only_the_new_one_waits()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var store = new OutboxStore(database);
        var old = await store.AddAsync(Message("old", 3), _origin, Cancel);

        await store.ReplaceAsync(old, Message("new", 3), "CLOCK_SKEW", _origin, Cancel);

        Assert.Equal(("new", "CLOCK_SKEW"), (store.Find("old")!.ReplacedBy, store.Find("old")!.Reason));
        Assert.Equal("old", store.Find("new")!.Replaces);
        Assert.Equal(("new", 1), store.Waiting().Select(w => (w.MessageId, w.SignedAgain)).Single());
        Assert.Equal("new", (await store.ReplaceAsync(old, Message("newer", 3), "CLOCK_SKEW", _origin, Cancel)).MessageId);
        Assert.Single(store.Waiting());
    }

    [Fact]
    public async Task A_message_that_was_sealed_again_waits_under_the_same_id_with_the_new_bytes()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var store = new OutboxStore(database);
        var added = await store.AddAsync(Message("a", 3), _origin, Cancel);

        var again = await store.SealAgainAsync(added, Message("a", 3) with { Header = [7, 7], Recipients = ["DE", "ES"] }, Cancel);

        Assert.Equal([7, 7], store.Read(again.Row).Signed.Header);
        Assert.Equal(["DE", "ES"], store.Find("a")!.Recipients);
        Assert.Equal(1, Assert.Single(store.Waiting()).SignedAgain);
    }

    [Fact]
    public async Task The_list_goes_page_by_page_from_the_newest()
    {
        await using var database = GatewayDatabase.Open(_folder.Path);
        var store = new OutboxStore(database);
        foreach (var id in new[] { "a", "b", "c" }) await store.AddAsync(Message(id, 1), _origin, Cancel);

        var first = store.List(long.MaxValue, 2);

        Assert.Equal(["c", "b"], first.Select(e => e.MessageId));
        Assert.Equal(["a"], store.List(first[^1].Row, 2).Select(e => e.MessageId));
    }

    private static SignedMessage Message(string id, int precedence) => new(id, precedence, "text", "FR-1", ["DE"], [1], [2, 3], [4, 5, 6]);
}
