using Google.Protobuf;
using MessageBackbone.EventLog;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.Node.Routing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>A real log and a real plan in a folder of their own.</summary>
internal sealed class RoutingScenario : IAsyncDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("backbone-routing-").FullName;

    public static readonly Google.Protobuf.WellKnownTypes.Timestamp Noon =
        Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero));

    private RoutingScenario(IEventLog log)
    {
        Log = log;
        Plan = Plan.Open(PlanFile);
    }

    public IEventLog Log { get; private set; }

    public Plan Plan { get; private set; }

    public string PlanFile => Path.Combine(_folder, "plan.db");

    public RoutingOptions Options => field ??= new RoutingOptions { PlanFile = PlanFile };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RoutingScenario> StartAsync()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("backbone-log-").FullName;
        var scenario = new RoutingScenario(await OpenLogAsync(folder)) { LogFolder = folder };
        // A plan that has followed from the beginning: nothing in it is in doubt.
        await scenario.RegisterAsync("FR");
        await scenario.CatchUpAsync();
        return scenario;
    }

    public string LogFolder { get; private set; } = "";

    /// <summary>Another, empty log takes the place of the one that the plan was made from.</summary>
    public async Task ExchangeLogAsync()
    {
        await Log.DisposeAsync();
        System.IO.Directory.Delete(LogFolder, recursive: true);
        LogFolder = System.IO.Directory.CreateTempSubdirectory("backbone-log-").FullName;
        Log = await OpenLogAsync(LogFolder);
    }

    public Task<Guid> AcceptAsync(Precedence precedence, params string[] recipients) => AcceptAsync(null, precedence, recipients);

    public Task<Guid> AcceptInAsync(Guid conversation, Precedence precedence, params string[] recipients) =>
        AcceptAsync(null, precedence, recipients, conversation.ToString());

    public Task<Guid> AcceptAsync(DateTimeOffset? deliverBy, Precedence precedence, params string[] recipients) =>
        AcceptAsync(deliverBy, precedence, recipients, conversation: "");

    private async Task<Guid> AcceptAsync(DateTimeOffset? deliverBy, Precedence precedence, string[] recipients, string conversation)
    {
        var id = Guid.CreateVersion7();
        var accepted = new Accepted { Content = new MessageHeader { MessageId = id.ToString(), Precedence = precedence }, Recipients = { recipients } };
        accepted.Content.ConversationId = conversation;
        if (deliverBy is { } by) accepted.Content.DeliverBy = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(by);
        await AppendAsync(StreamId.Message(id.ToString()), "message.accepted.v1", accepted);
        return id;
    }

    public Task DeliverAsync(Guid id, string recipient) => AppendAsync(
        StreamId.Delivery(id.ToString(), recipient), "delivery.delivered.v1", new Delivered { MessageId = id.ToString(), Recipient = recipient });

    public Task AttemptAsync(Guid id, string recipient, uint attempt) => AppendAsync(
        StreamId.Delivery(id.ToString(), recipient), "delivery.attempted.v1",
        new Attempted { MessageId = id.ToString(), Recipient = recipient, Attempt = attempt });

    public Task QuarantineAsync(Guid id, string recipient) => AppendAsync(
        StreamId.Delivery(id.ToString(), recipient), "delivery.quarantined.v1",
        new Quarantined { MessageId = id.ToString(), Recipient = recipient, At = Noon, Reason = "CANNOT_PROCESS" });

    public Task ReleaseAsync(Guid id, string recipient) => AppendAsync(
        StreamId.Delivery(id.ToString(), recipient), "delivery.released.v1", new Released { MessageId = id.ToString(), Recipient = recipient });

    public Task RedeliverAsync(Guid id, string recipient, ulong sequence, uint attempts, DateTimeOffset? expiresAt = null) => AppendAsync(
        StreamId.Delivery(id.ToString(), recipient), "delivery.redelivery-ordered.v1",
        new RedeliveryOrdered
        {
            MessageId = id.ToString(),
            Recipient = recipient,
            Sequence = sequence,
            Attempts = attempts,
            ExpiresAt = expiresAt is { } at ? Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(at) : null,
        });

    public Task EndRedeliveryAsync(Guid id, string recipient) => AppendAsync(
        StreamId.Delivery(id.ToString(), recipient), "delivery.redelivery-ended.v1",
        new RedeliveryEnded { MessageId = id.ToString(), Recipient = recipient });

    public Task RedirectAsync(Guid id, string recipient, string to) => AppendAsync(
        StreamId.Delivery(id.ToString(), recipient), "delivery.redirected.v1",
        new Redirected { MessageId = id.ToString(), Recipient = recipient, To = to });

    public Task RefuseByOperatorAsync(Guid id, string recipient) => AppendAsync(
        StreamId.Delivery(id.ToString(), recipient), "delivery.refused-by-operator.v1",
        new RefusedByOperator { MessageId = id.ToString(), Recipient = recipient });

    public Task RegisterAsync(string code) => AppendAsync(
        StreamId.Directory, "directory.bureau-registered.v1", new BureauRegistered { Act = new RegisterBureau { Code = code } });

    public Task CloseAsync(string code) => AppendAsync(
        StreamId.Directory, "directory.bureau-closed.v1", new BureauClosed { Act = new CloseBureau { Code = code } });

    /// <summary>Runs a planner until the plan holds what the log holds.</summary>
    public async Task CatchUpAsync()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var planner = new Planner(Plan, Log, TimeProvider.System, NullLogger<Planner>.Instance);
        var running = planner.RunAsync(stop.Token);
        try
        {
            await planner.CaughtUp.WaitAsync(Cancel);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAny(running);
        }
    }

    /// <summary>Closes the plan and opens it again, as a restart does.</summary>
    public async Task ReopenPlanAsync(bool deleted)
    {
        await Plan.DisposeAsync();
        if (deleted)
            foreach (var file in System.IO.Directory.GetFiles(_folder, "plan.db*"))
                File.Delete(file);
        Plan = Plan.Open(PlanFile);
    }

    /// <summary>Numbers and messages of a lane's open rows, in order.</summary>
    public IReadOnlyList<PlanRow> OpenRows(LaneKey lane)
    {
        var rows = new List<PlanRow>();
        while (Plan.Ask.NextOpen(lane, rows.Count == 0 ? 0 : rows[^1].Sequence + 1, DateTimeOffset.MaxValue) is { } row) rows.Add(row);
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await Plan.DisposeAsync();
        await Log.DisposeAsync();
        System.IO.Directory.Delete(_folder, recursive: true);
        System.IO.Directory.Delete(LogFolder, recursive: true);
    }

    private static async Task<IEventLog> OpenLogAsync(string folder) => await SqliteEventLog.OpenAsync(
        new SqliteEventLogOptions { Folder = folder }, TimeProvider.System, NullLogger<SqliteEventLog>.Instance);

    private async Task AppendAsync(StreamId stream, string type, IMessage data)
    {
        var at = TimeProvider.System.GetUtcNow();
        var outcome = await Log.AppendAsync(
            stream, ExpectedRevision.Any, [new NewEvent(Guid.CreateVersion7(at), type, data.ToByteArray(), new EventMetadata().ToByteArray(), at)], Cancel);
        Assert.IsType<AppendOutcome.Appended>(outcome);
    }
}
