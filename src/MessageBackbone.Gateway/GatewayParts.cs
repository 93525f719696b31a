using System.Diagnostics.CodeAnalysis;
using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Carrying;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Directory;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.LocalApi;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Receiving;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Gateway.Telemetry;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway;

/// <summary>All rooms of one gateway, wired by hand: what needs what can be read here.</summary>
internal sealed class GatewayParts : IAsyncDisposable
{
    private readonly GatewayDatabase _database;
    private readonly BodyDownload _downloads;
    private readonly LaneSlots _carrySlots;
    private readonly TelemetryExport? _telemetry;

    private GatewayParts(GatewayOptions options, TimeProvider clock, ILoggerFactory logs, KeyRing keys, GatewayDatabase database, GatewayStores stores)
    {
        (Options, Clock, Keys, _database) = (options, clock, keys, database);
        (Outbox, Inbox) = (stores.Outbox(database), stores.Inbox(database));
        Alike = new Alike(Inbox, Outbox);
        Receipts = new ReceiptStore(database);
        Audit = new LocalAudit(database, clock);
        Queue = new OutboxQueue(options.OutboxMessages, options.OutboxBytes, options.OutboxFlashReserve);
        Meter = new GatewayMeter(options.Bureau, () => Queue.Messages, Receipts.CountToSend);
        Node = new NodeChannel(options, keys, clock, logs.CreateLogger<NodeChannel>());
        Directory = new DirectoryBook(new DirectoryStore(database), keys, Node, clock, logs.CreateLogger<DirectoryBook>());
        KeyWatch = new KeyWatch(keys, Directory, options, clock, logs.CreateLogger<KeyWatch>());
        Follower = new DirectoryFollower(Directory, Node, new Backoff(options.ReconnectFirst, options.ReconnectMax, Jitter(1)), clock, logs.CreateLogger<DirectoryFollower>());
        Acceptances = new Acceptances(keys, clock);
        var (folder, rows) = (new AttachmentFolder(options.DataFolder), new AttachmentRows(database));
        folder.Open();
        Staging = new Staging(folder, rows, options, clock, logs.CreateLogger<Staging>());
        var composer = new Composer(keys, new Recipients(keys, Directory), Staging, options, clock);
        var answers = new Answers(Outbox, Queue, Staging, Acceptances, composer, Directory, keys, Observers, Meter, options, clock, logs.CreateLogger<Answers>());
        Uploads = new Uploads(rows, new ContentUpload(Node, folder), Queue, answers, options, clock, Jitter(5), logs.CreateLogger<Uploads>());
        Sender = new Sender(Outbox, Queue, Uploads, Node, answers, options, Meter, clock, Jitter(2), logs.CreateLogger<Sender>());
        Posting = new Posting(composer, Outbox, Queue, Uploads, Meter, clock);
        var came = new Signal();
        Fetching = new Fetching(rows, folder, Node, came, Observers, options, clock, Jitter(6), logs.CreateLogger<Fetching>());
        Releasing = new Releasing(rows, folder, Fetching, came);
        var signal = new Signal();
        NonDeliveries = new NonDeliveries(Inbox, Outbox, keys);
        Recalls = new RecallStore(database);
        Recalling = new Recalling(Outbox, Recalls, Posting, Directory, keys, clock);
        Holders = new Holders(Inbox, Outbox, Recalling);
        Opening = new Opening(Inbox, NonDeliveries, new RecallWords(Recalls), new LateNotices(keys), keys, signal, clock);
        _downloads = new BodyDownload(Node, options, clock, Jitter(3), logs.CreateLogger<BodyDownload>());
        var quarantining = new Quarantining(options, clock, logs.CreateLogger<Quarantining>());
        var recallAnswers = new RecallAnswers(keys, options, clock);
        var check = new DeliveryCheck(
            keys, Directory, Acceptances, _downloads, Inbox, quarantining, recallAnswers, clock, logs.CreateLogger<DeliveryCheck>());
        Carried = new CarryStore(database);
        _carrySlots = new LaneSlots(options.VerifyInParallel);
        Carry = Carrying(answers, quarantining, recallAnswers, logs);
        _telemetry = TelemetryExport.Open(options.Telemetry, options.Bureau);
        // Told where each arrival is told already: the row is there by then.
        Observers.Add(happened =>
        {
            if (happened is GatewayEvent.Received { Repeated: false }) came.Give();
        });
        Attendance = new Attendance(
            keys, Node, check, quarantining, Inbox, Queue, Sender, Receipts, signal, options, Observers, Meter, clock, Jitter(4), logs.CreateLogger<Attendance>());
    }

    public GatewayOptions Options { get; }

    public TimeProvider Clock { get; }

    public KeyRing Keys { get; }

    public KeyWatch KeyWatch { get; }

    public OutboxStore Outbox { get; }

    public OutboxQueue Queue { get; }

    public InboxStore Inbox { get; }

    public ReceiptStore Receipts { get; }

    public Alike Alike { get; }

    public LocalAudit Audit { get; }

    public GatewayObservers Observers { get; } = new();

    public GatewayMeter Meter { get; }

    public NodeChannel Node { get; }

    public DirectoryBook Directory { get; }

    public DirectoryFollower Follower { get; }

    public Acceptances Acceptances { get; }

    public Sender Sender { get; }

    public Posting Posting { get; }

    public Staging Staging { get; }

    public Uploads Uploads { get; }

    public Fetching Fetching { get; }

    public Releasing Releasing { get; }

    public NonDeliveries NonDeliveries { get; }

    public RecallStore Recalls { get; }

    public Recalling Recalling { get; }

    public Holders Holders { get; }

    public Opening Opening { get; }

    public Attendance Attendance { get; }

    public CarryStore Carried { get; }

    public CarryDesk Carry { get; }

    /// <summary>The way of one carry file's deliveries into the inbox.</summary>
    public Func<CancellationToken, CarryLanes> CarriedInbox { get; private set; }

    public static GatewayParts Build(GatewayOptions options, TimeProvider clock, ILoggerFactory logs, GatewayStores? stores = null)
    {
        var keys = new KeyRing(options);
        try
        {
            var parts = new GatewayParts(options, clock, logs, keys, GatewayDatabase.Open(options.DataFolder), stores ?? new GatewayStores());
            parts.Directory.Load();
            parts.Sender.Load();
            return parts;
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _telemetry?.Dispose(); // first: its last export measures the store
        Node.Dispose();
        Attendance.Dispose();
        Carry.Dispose();
        _carrySlots.Dispose();
        _downloads.Dispose();
        Meter.Dispose();
        await _database.DisposeAsync();
        Keys.Dispose();
    }

    [MemberNotNull(nameof(CarriedInbox))]
    private CarryDesk Carrying(Answers answers, Quarantining quarantining, RecallAnswers recalls, ILoggerFactory logs)
    {
        var folder = new CarryFolder(Options);
        var check = new DeliveryCheck(Keys, Directory, Acceptances, _downloads, Inbox, quarantining, recalls, Clock, logs.CreateLogger<DeliveryCheck>(), byLine: false);
        var signing = new ReceiptSigning(Keys, Receipts, Clock, logs.CreateLogger<ReceiptSigning>());
        var carried = new CarriedAnswers(Outbox, Queue, answers, Receipts, signing, Observers, Meter, Clock, logs.CreateLogger<CarriedAnswers>());
        CarriedInbox = stop => new CarryLanes(check, quarantining, Inbox, Queue, Observers, Meter, _carrySlots, Clock, stop);
        var import = new CarryImport(Keys, Directory, carried, Carried, folder, CarriedInbox, Clock);
        return new CarryDesk(folder, new CarryExport(Keys, Outbox, Receipts, Carried, folder, Clock), import);
    }

    // Each its own: Random is not for concurrent use.
    private Random Jitter(int offset) => Options.JitterSeed is { } seed ? new Random(unchecked(seed + offset)) : new Random();
}
