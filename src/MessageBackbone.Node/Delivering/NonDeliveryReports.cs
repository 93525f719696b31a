using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Tells senders what did not reach a recipient: an ordinary message for each delivery that expired, that ended
/// because its recipient was closed or that an operator refused, accepted into the log once.</summary>
/// <remarks>The plan owes a report from the end of a delivery until the report's acceptance. Its id is that of the event which it reports, so that
/// whoever makes it a second time, after a crash or on another node, finds its stream taken.</remarks>
internal sealed class NonDeliveryReports(
    Plan plan, Planner planner, IEventLog log, HouseMessages messages, CurrentDirectory directory, NodeIdentity node, DeliveringOptions options,
    TimeProvider clock, ILogger<NonDeliveryReports> logger)
{
    private const int Page = 64;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await planner.CaughtUp.WaitAsync(cancellationToken);
        await new PlanWork(planner, plan.Reports, options.DeadlinesLookedAtEvery, clock, logger).RunAsync(ReportPageAsync, () => null, cancellationToken);
    }

    private async Task<LogPosition?> ReportPageAsync(CancellationToken cancellationToken)
    {
        var reports = await Task.WhenAll(plan.Ask.OwedReports(Page).Select(owed => ReportAsync(owed, cancellationToken)));
        return reports.Length == 0 ? null : reports.Max();
    }

    private async Task<LogPosition> ReportAsync(OwedReport owed, CancellationToken cancellationToken)
    {
        var id = MessageId.Parse(owed.EventId.ToString("D"));
        if (await messages.FindAsync(id.Value, cancellationToken) is { } before) return before.Position;
        var ended = await log.ReadAtAsync(owed.Position, cancellationToken) ?? throw Missing($"at position {owed.Position}");
        var report = Report(EventTypes.Parse(ended.Type, ended.Data));
        var accepted = await messages.RequireAsync(report.MessageId, cancellationToken);
        var message = Accepted.Parser.ParseFrom(accepted.Data.Span);
        if (!IsAnyoneThere(message.Content))
        {
            DeliveringLog.NobodyToTell(logger, report.MessageId, report.Recipient);
            await plan.ForgetReportAsync(owed, cancellationToken);
            return owed.Position;
        }
        report.HeaderSha256 = message.HeaderSha256;
        var now = clock.GetUtcNow();
        var envelope = NonDelivery.Compose(report, message.Content, BureauCode.Parse(node.House), node.Sign, id, now);
        return await messages.AcceptAsync(envelope, report.MessageId, now, cancellationToken);
    }

    // The house has no inbox, and a closed sender reads none: a report to either would itself never end, or end and be reported.
    private bool IsAnyoneThere(MessageHeader message) =>
        !MessageOpening.IsOfHouse(message.Kind) && directory.State.Bureau(message.From) is not { Closed: true };

    private static NonDeliveryReport Report(IMessage end) => end switch
    {
        Expired e => new NonDeliveryReport { MessageId = e.MessageId, Recipient = e.Recipient, Reason = Because(e), At = e.At },
        RefusedByOperator e => new NonDeliveryReport { MessageId = e.MessageId, Recipient = e.Recipient, Reason = Reasons.Quarantined, At = e.At },
        _ => throw new InvalidOperationException($"The plan owes a report of {end.Descriptor.FullName}, which ends no delivery."),
    };

    private static string Because(Expired e) => e.Because.Length > 0 ? Reasons.BureauClosed : Reasons.Expired;

    private static EventLogUnavailableException Missing(string what) => new($"The log has no event {what}, which the plan names.");
}
