using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Gateway;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Faults.Controls;

/// <summary>Protections of the gateway that a control run switches off.</summary>
internal static class GatewayControls
{
    public static GatewayStores Apply(string control, GatewayOptions options, HeldWrites held, TimeProvider clock)
    {
        switch (control)
        {
            case MemoryScenes.InboxRepeats:
                ForgetfulInbox.Prepare(options.DataFolder);
                return new GatewayStores { Inbox = database => new ForgetfulInbox(database) };
            case MemoryScenes.ReceiptFirst:
                return new GatewayStores { Inbox = database => new EarlyInbox(database, held) };
            case MemoryScenes.InboxOrder:
                return new GatewayStores { Inbox = database => new TurnlessInbox(database) };
            case MemoryScenes.OutboxLate:
                return new GatewayStores { Outbox = database => new EarlyOutbox(database, held) };
            case MemoryScenes.NewId:
                return new GatewayStores { Outbox = database => new RestlessOutbox(database, options, clock) };
            default:
                return new GatewayStores();
        }
    }
}

/// <summary>An inbox without the table's own guards, that looks for nothing and keeps what comes.</summary>
internal sealed class ForgetfulInbox(GatewayDatabase database) : InboxStore(database)
{
    private readonly GatewayDatabase _database = database;

    /// <summary>Makes the table as the gateway would, without what keeps a message from being in it twice; the gateway then finds it there.</summary>
    public static void Prepare(string folder)
    {
        PrivateFiles.MakeFolder(folder);
        using var database = new SqliteConnection($"Data Source={Path.Combine(folder, "gateway.db")};Pooling=False");
        database.Open();
        foreach (var statement in Schema.Statements.Where(statement => statement.Contains(" inbox ", StringComparison.Ordinal)))
        {
            using var command = database.CreateCommand();
#pragma warning disable CA2100 // the gateway's own text
            command.CommandText = statement
                .Replace("UNIQUE (message_id, header_sha256)", "CHECK (1)", StringComparison.Ordinal)
                .Replace("UNIQUE INDEX", "INDEX", StringComparison.Ordinal);
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        }
    }

    public override Kept? FindReceipt(string messageId, byte[] headerSha256) => null;

    public override Task<Task<Kept>> HandInAsync(
        Arrival arrival, byte[] receipt, Instead instead, ReceivedOrder? order, Func<bool> isTurn, CancellationToken cancellationToken) =>
        _database.HandInAsync(session =>
        {
            Insert(session, arrival);
            if (base.FindReceipt(arrival.MessageId, arrival.HeaderSha256) is null)
                ReceiptStore.Insert(session, arrival.MessageId, arrival.HeaderSha256, ReceiptKind.Answer, arrival.Outcome, arrival.Precedence, receipt);
            return new Kept(receipt, arrival.Outcome, Repeated: false, arrival.Reason);
        }, cancellationToken);
}

/// <summary>An inbox that says "kept" before it begins to write.</summary>
internal sealed class EarlyInbox(GatewayDatabase database, HeldWrites held) : InboxStore(database)
{
    public override Task<Task<Kept>> HandInAsync(
        Arrival arrival, byte[] receipt, Instead instead, ReceivedOrder? order, Func<bool> isTurn, CancellationToken cancellationToken)
    {
        held.Hold(async () => await await base.HandInAsync(arrival, receipt, instead, order, static () => true, CancellationToken.None));
        return Task.FromResult(Task.FromResult(new Kept(receipt, arrival.Outcome, Repeated: false, arrival.Reason)));
    }
}

/// <summary>An inbox that keeps what comes, whatever became of the one before.</summary>
internal sealed class TurnlessInbox(GatewayDatabase database) : InboxStore(database)
{
    public override Task<Task<Kept>> HandInAsync(
        Arrival arrival, byte[] receipt, Instead instead, ReceivedOrder? order, Func<bool> isTurn, CancellationToken cancellationToken) =>
        base.HandInAsync(arrival, receipt, instead, order, static () => true, cancellationToken);
}

/// <summary>An outbox that seals and signs under a new id when a message is sent for the second time.</summary>
internal sealed class RestlessOutbox(GatewayDatabase database, GatewayOptions options, TimeProvider clock) : OutboxStore(database)
{
    private readonly HashSet<long> _sent = [], _again = [];
    private readonly Lock _gate = new();

    public override StoredMessage Read(long row)
    {
        lock (_gate)
        {
            if (_sent.Add(row) || !_again.Add(row)) return base.Read(row);
        }
        var stored = base.Read(row);
        return stored with { Signed = Compose(stored.Signed) };
    }

    private SignedMessage Compose(SignedMessage before)
    {
        if (!ReceiptBuilding.TryRead(before.Header, MessageHeader.Parser, out _, out var header, out var problem)) throw new InvalidDataException(problem);
        using var keys = HolderKeys.FromPem(name => Path.Combine(options.PkiFolder, options.Bureau, name) is var file && File.Exists(file) ? File.ReadAllText(file) : null);
        var seals = header.To.Select(to => X509CertificateLoader.LoadCertificateFromFile(Path.Combine(options.PkiFolder, to, "seal.pem"))).ToList();
        var (at, id) = (clock.GetUtcNow(), MessageId.New(clock.GetUtcNow()));
        header.ConversationId = "";
        var envelope = MessageComposing.Compose(
            new MessageDraft(header, new SealedContent { Text = "again" }), seals, keys.Sign!, id, BureauCode.Parse(options.Bureau), at);
        return before with
        {
            MessageId = id.Value,
            Header = envelope.Header.ToByteArray(),
            Body = envelope.Body.ToByteArray(),
            HeaderSha256 = Digests.Sha256(envelope.Header.Span),
        };
    }
}
