using MessageBackbone.EventLog;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.Faults.Controls;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Faults.Matrix;

/// <summary>A log whose first append of one type goes wrong.</summary>
/// <param name="points">Those of the log: its writer is held there before it commits.</param>
internal sealed class StruckLog(IEventLog log, SqliteFaultPoints points, string type, Strike strike) : PassingLog(log)
{
    private static readonly TimeSpan QueuedWithin = TimeSpan.FromSeconds(60);

    public override async ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken) =>
        events.Any(one => one.Type == type)
            ? await strike.RunAsync(
                token => base.AppendAsync(stream, expected, events, token).AsTask(),
                hold => AppendHeldAsync(hold, () => base.AppendAsync(stream, expected, events, cancellationToken).AsTask()),
                static () => new EventLogUnavailableException("The disk gives an error."),
                cancellationToken)
            : await base.AppendAsync(stream, expected, events, cancellationToken);

    // The commit that is held may be of what came before: this append is queued behind it then.
    private Task<AppendOutcome> AppendHeldAsync(Action hold, Func<Task<AppendOutcome>> append)
    {
        var queued = new ManualResetEventSlim();
        points.BeforeCommit = () =>
        {
            points.BeforeCommit = static () => { };
            if (!queued.Wait(QueuedWithin, CancellationToken.None)) throw new TimeoutException("The append was not queued.");
            hold();
        };
        var appending = append();
        queued.Set();
        return appending;
    }
}

/// <summary>A transport whose first send goes wrong.</summary>
internal sealed class StruckLanes(ILaneTransport lanes, Strike strike) : PassingLanes(lanes)
{
    // It has no queue of its own: the transport holds the reference when it returns, and its caller has given up waiting for that by then.
    public override Task PublishAsync(PlanRow row, string? traceParent, CancellationToken cancellationToken) => strike.RunAsync(
        async token =>
        {
            await base.PublishAsync(row, traceParent, token);
            return true;
        },
        async hold =>
        {
            await base.PublishAsync(row, traceParent, cancellationToken);
            strike.Ends(isThere: true);
            await Task.Run(hold, CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            return true;
        },
        static () => new IOException("The connection broke."),
        cancellationToken);
}

/// <summary>An inbox whose first keeping goes wrong.</summary>
internal sealed class StruckInbox(GatewayDatabase database, Strike strike) : InboxStore(database)
{
    public override Task<Task<Kept>> HandInAsync(
        Arrival arrival, byte[] receipt, Instead instead, ReceivedOrder? order, Func<bool> isTurn, CancellationToken cancellationToken) =>
        Task.FromResult(strike.RunAsync(
            async token => await await base.HandInAsync(arrival, receipt, instead, order, isTurn, token),
            async hold => await await base.HandInAsync(arrival, receipt, instead, order, () => IsTurn(hold, isTurn), cancellationToken),
            static () => new SqliteException("The disk is full.", SQLitePCL.raw.SQLITE_FULL),
            cancellationToken));

    // Asked in the transaction, on the store's thread.
    private static bool IsTurn(Action hold, Func<bool> isTurn)
    {
        hold();
        return isTurn();
    }
}
