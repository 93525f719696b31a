using System.Collections.Concurrent;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Storing;

namespace MessageBackbone.Faults.Controls;

/// <summary>An outbox that says "stored" before it begins to write. Until it has written it answers from memory, so that sending goes on as ever.</summary>
internal sealed class EarlyOutbox(GatewayDatabase database, HeldWrites held) : OutboxStore(database)
{
    private readonly ConcurrentDictionary<long, StoredMessage> _early = [];
    private long _last = database.Read(session => session.First("SELECT coalesce(max(row), 0) FROM outbox", row => row.GetInt64(0)));

    public override Task<WaitingMessage> AddAsync(
        SignedMessage message, Origin origin, CancellationToken cancellationToken, Action<SqliteSession>? also = null)
    {
        var row = Interlocked.Increment(ref _last);
        _early[row] = new StoredMessage(message, origin);
        held.Hold(async () =>
        {
            if ((await base.AddAsync(message, origin, CancellationToken.None, also)).Row != row)
                throw new InvalidOperationException($"{message.MessageId} has another row than its caller was told.");
            _early.TryRemove(row, out _);
        });
        return Task.FromResult(new WaitingMessage(row, message.MessageId, message.Precedence, message.Size, SignedAgain: 0));
    }

    public override StoredMessage Read(long row) => _early.TryGetValue(row, out var early) ? early : base.Read(row);

    public override OutboxEntry? Find(string messageId) =>
        base.Find(messageId) ?? _early.Where(one => one.Value.Signed.MessageId == messageId).Select(one => Entry(one.Key, one.Value)).FirstOrDefault();

    private static OutboxEntry Entry(long row, StoredMessage stored)
    {
        var (signed, origin) = (stored.Signed, stored.Origin);
        return new OutboxEntry(
            row, signed.MessageId, OutboxState.Waiting, signed.Precedence, signed.Kind, signed.Reference, signed.Recipients, signed.Size, origin.At, origin.User,
            SignedAgain: 0, DecidedAt: null, Position: null, "", "", "", "", origin.TraceParent ?? "", signed.HeaderSha256, []);
    }
}
