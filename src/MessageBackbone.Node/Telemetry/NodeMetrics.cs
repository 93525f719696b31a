using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Telemetry;

/// <summary>What the node measures. Tags come from closed sets (precedences, reasons, outcomes) or from the directory (bureau codes), never from what a
/// caller sent, so the number of series is bounded.</summary>
internal static class NodeMetrics
{
    /// <summary>The name of the meter and of the activity source of every room.</summary>
    public const string Source = "MessageBackbone";

    /// <summary>Spans of the node's own steps; the trace goes on in the traceparent of each event's metadata.</summary>
    public static readonly ActivitySource Activities = new(Source);

    private static readonly Meter Meter = new(Source);
    private static readonly ConcurrentDictionary<Guid, Func<IEnumerable<OldestUndelivered>>> Boards = new();
    private static readonly ConcurrentDictionary<Guid, Func<IEnumerable<QuarantinedCount>>> Quarantines = new();
    private static readonly ConcurrentDictionary<Guid, Func<IEnumerable<(string Bureau, Precedence Precedence, ulong Deliveries)>>> Clocks = new();
    private static readonly ConcurrentDictionary<Guid, Func<IEnumerable<(string Bureau, ulong Requests, ulong Exercises)>>> Requests = new();
    private static readonly ConcurrentDictionary<Guid, Func<IEnumerable<(string State, bool IsNow)>>> Transports = new();

    // Appends are single milliseconds, deliveries milliseconds to days: the default buckets fit neither.
    private static readonly double[] AppendBuckets = [.0005, .001, .002, .003, .005, .0075, .01, .015, .025, .05, .1, .25, 1, 5];
    private static readonly double[] DeliveryBuckets = [.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86400];

    private static readonly Counter<long> AcceptedCount = Meter.CreateCounter<long>("backbone.accepted", "{message}", "Messages accepted");
    private static readonly Counter<long> RefusedCount = Meter.CreateCounter<long>("backbone.refused", "{message}", "Submissions refused, by reason");
    private static readonly Counter<long> QuotaCount = Meter.CreateCounter<long>("backbone.quota.exceeded", "{message}", "Submissions above a quota, by bureau and precedence");
    private static readonly Counter<long> TurnedAwayCount = Meter.CreateCounter<long>("backbone.accepting.turned_away", "{message}", "Submissions for which too many waited");
    private static readonly UpDownCounter<long> WaitingCount = Meter.CreateUpDownCounter<long>("backbone.accepting.waiting", "{message}", "Submissions that wait for a place");
    private static readonly Counter<long> PlannedCount = Meter.CreateCounter<long>("backbone.planned", "{delivery}", "Deliveries planned");
    private static readonly Counter<long> PublishedCount = Meter.CreateCounter<long>("backbone.published", "{delivery}", "References confirmed by the broker");
    private static readonly Counter<long> DeliveredCount = Meter.CreateCounter<long>("backbone.delivered", "{delivery}", "Deliveries receipted DELIVERED");
    private static readonly Counter<long> ReceiptCount = Meter.CreateCounter<long>("backbone.receipts", "{receipt}", "Receipts recorded, by outcome");

    private static readonly Counter<long> EscalatedCount = Meter.CreateCounter<long>("backbone.escalated", "{step}", "Steps taken for late deliveries, by precedence and step");
    private static readonly Counter<long> EscalationCallCount = Meter.CreateCounter<long>("backbone.escalation.calls", "{call}", "HTTPS calls for steps, by their end");

    private static readonly Counter<long> RequestStepCount = Meter.CreateCounter<long>("backbone.requests.steps", "{step}", "Reminders and escalations of requests, by step");

    private static readonly Histogram<double> AppendDuration = Meter.CreateHistogram(
        "backbone.append.duration", "s", "From asking for an append to its being on disk", null, Advice(AppendBuckets));

    private static readonly Histogram<double> DeliveryDuration = Meter.CreateHistogram(
        "backbone.delivery.duration", "s", "From acceptance to the recorded receipt DELIVERED", null, Advice(DeliveryBuckets));

    private static readonly ObservableGauge<double> OldestAge = Meter.CreateObservableGauge(
        "backbone.undelivered.age", ObserveOldest, "s", "Age of the oldest delivery without a final state, by bureau and precedence");

    private static readonly ObservableGauge<long> QuarantinedNow = Meter.CreateObservableGauge(
        "backbone.quarantined", ObserveQuarantines, "{delivery}", "Deliveries that the recipient's gateway keeps apart, by bureau and precedence");

    private static readonly ObservableGauge<long> LateDeliveries = Meter.CreateObservableGauge(
        "backbone.late", ObserveLate, "{delivery}", "Deliveries whose service level has passed and whose clock runs, by bureau and precedence");

    private static readonly ObservableGauge<long> OverdueAnswers = Meter.CreateObservableGauge(
        "backbone.requests.overdue", ObserveOverdue, "{request}", "Answers to requests whose deadline has passed and that are still owed, by bureau");

    private static readonly ObservableGauge<int> TransportStates = Meter.CreateObservableGauge(
        "backbone.transport.state", ObserveTransports, "{transport}", "1 for the state in which the transport to the lanes is, 0 for each other one");

    /// <summary>A message was recorded as accepted; a repeat of one is not counted.</summary>
    public static void Accepted(Precedence precedence) => AcceptedCount.Add(1, Tag("precedence", precedence.Word()));

    /// <summary>A submission was refused. <paramref name="reason"/> is a constant of the table of refusals, never a caller's text.</summary>
    public static void Refused(string reason) => RefusedCount.Add(1, Tag("reason", reason));

    /// <summary>A submission was above the quota of its sender, an enrolled bureau. It is counted as refused besides.</summary>
    public static void QuotaExceeded(string bureau, Precedence precedence) => QuotaCount.Add(1, Tag("bureau", bureau), Tag("precedence", precedence.Word()));

    /// <summary>A submission was refused because too many of its precedence wait; it is counted as refused besides.</summary>
    public static void TurnedAway(Precedence precedence) => TurnedAwayCount.Add(1, Tag("precedence", precedence.Word()));

    /// <summary>So many more submissions wait for a place to be worked on.</summary>
    public static void Waiting(Precedence precedence, int more) => WaitingCount.Add(more, Tag("precedence", precedence.Word()));

    /// <summary>Rows entered the plan.</summary>
    public static void Planned(int deliveries) => PlannedCount.Add(deliveries);

    /// <summary>The broker confirmed a reference.</summary>
    public static void Published() => PublishedCount.Add(1);

    /// <summary>A receipt DELIVERED was recorded, <paramref name="sinceAcceptance"/> after the message was accepted.</summary>
    public static void Delivered(Precedence precedence, TimeSpan sinceAcceptance)
    {
        var tag = Tag("precedence", precedence.Word());
        DeliveredCount.Add(1, tag);
        DeliveryDuration.Record(sinceAcceptance.TotalSeconds, tag);
    }

    /// <summary>A step was taken for a late delivery.</summary>
    public static void Escalated(Precedence precedence, string step) => EscalatedCount.Add(1, Tag("precedence", precedence.Word()), Tag("step", step));

    /// <summary>A call for a step was accepted, or given up.</summary>
    public static void EscalationCalled(bool accepted) => EscalationCallCount.Add(1, Tag("end", accepted ? "accepted" : "given-up"));

    /// <summary>A step was taken for a request.</summary>
    public static void RequestStepTaken(string step) => RequestStepCount.Add(1, Tag("step", step));

    /// <summary>A receipt of any outcome was recorded.</summary>
    public static void Receipt(DeliveryOutcome outcome) => ReceiptCount.Add(1, Tag("outcome", outcome.Word()));

    /// <summary>An append returned after <paramref name="elapsed"/>, the flush included.</summary>
    public static void AppendTook(TimeSpan elapsed) => AppendDuration.Record(elapsed.TotalSeconds);

    /// <summary>Lets the gauge of the oldest undelivered read a board until the answer is disposed. Several nodes in one process each add theirs.</summary>
    public static IDisposable Observe(Func<IEnumerable<OldestUndelivered>> board)
    {
        var key = Guid.NewGuid();
        Boards[key] = board;
        return new Observation(() => Boards.TryRemove(key, out _));
    }

    /// <summary>Lets the gauge of the quarantined read a board until the answer is disposed.</summary>
    public static IDisposable ObserveQuarantined(Func<IEnumerable<QuarantinedCount>> board)
    {
        var key = Guid.NewGuid();
        Quarantines[key] = board;
        return new Observation(() => Quarantines.TryRemove(key, out _));
    }

    /// <summary>Lets the gauge of late deliveries read the clocks until the answer is disposed.</summary>
    public static IDisposable ObserveLate(Func<IEnumerable<(string Bureau, Precedence Precedence, ulong Deliveries)>> late)
    {
        var key = Guid.NewGuid();
        Clocks[key] = late;
        return new Observation(() => Clocks.TryRemove(key, out _));
    }

    /// <summary>Lets the gauge of overdue answers read the requests until the answer is disposed.</summary>
    public static IDisposable ObserveOverdue(Func<IEnumerable<(string Bureau, ulong Requests, ulong Exercises)>> overdue)
    {
        var key = Guid.NewGuid();
        Requests[key] = overdue;
        return new Observation(() => Requests.TryRemove(key, out _));
    }

    /// <summary>Lets the gauge of the transport's state read every state that there is, until the answer is disposed.</summary>
    public static IDisposable ObserveTransport(Func<IEnumerable<(string State, bool IsNow)>> states)
    {
        var key = Guid.NewGuid();
        Transports[key] = states;
        return new Observation(() => Transports.TryRemove(key, out _));
    }

    private static IEnumerable<Measurement<double>> ObserveOldest() =>
        from board in Boards.Values
        from row in board()
        select new Measurement<double>(row.Age.TotalSeconds, Tag("bureau", row.Bureau), Tag("precedence", row.Precedence.Word()));

    private static IEnumerable<Measurement<long>> ObserveQuarantines() =>
        from board in Quarantines.Values
        from row in board()
        select new Measurement<long>(row.Deliveries, Tag("bureau", row.Bureau), Tag("precedence", row.Precedence.Word()));

    private static IEnumerable<Measurement<long>> ObserveLate() =>
        from clocks in Clocks.Values
        from row in clocks()
        select new Measurement<long>((long)row.Deliveries, Tag("bureau", row.Bureau), Tag("precedence", row.Precedence.Word()));

    private static IEnumerable<Measurement<long>> ObserveOverdue() =>
        from requests in Requests.Values
        from row in requests()
        select new Measurement<long>((long)row.Requests, Tag("bureau", row.Bureau));

    private static IEnumerable<Measurement<int>> ObserveTransports() =>
        from transport in Transports.Values
        from state in transport()
        select new Measurement<int>(state.IsNow ? 1 : 0, Tag("state", state.State));

    private static InstrumentAdvice<double> Advice(double[] buckets) => new() { HistogramBucketBoundaries = buckets };

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private sealed class Observation(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}

/// <summary>The age of the oldest delivery without a final state of one bureau and precedence.</summary>
internal readonly record struct OldestUndelivered(string Bureau, Precedence Precedence, TimeSpan Age);

/// <summary>How many deliveries of one bureau and precedence are quarantined.</summary>
internal readonly record struct QuarantinedCount(string Bureau, Precedence Precedence, long Deliveries);

/// <summary>The lower-case words that people and dashboards see for the enums of the contract.</summary>
internal static class Words
{
    public static string Word(this Precedence precedence) => precedence switch
    {
        Precedence.Routine => "routine",
        Precedence.Priority => "priority",
        Precedence.Immediate => "immediate",
        Precedence.Flash => "flash",
        _ => "unspecified",
    };

    public static string Word(this DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered => "delivered",
        DeliveryOutcome.Refused => "refused",
        DeliveryOutcome.Opened => "opened",
        DeliveryOutcome.Quarantined => "quarantined",
        _ => "unspecified",
    };
}
