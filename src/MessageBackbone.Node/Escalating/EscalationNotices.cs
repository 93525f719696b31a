using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

/// <summary>Tells the party that a step of a late delivery names.</summary>
internal sealed class EscalationNotices(
    ServiceClockQueries clocks, OwedNotices notices, EscalationOptions options, EscalationSignals signals, TimeProvider clock,
    ILogger<EscalationNotices> logger)
{
    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        new ClockWork(clocks.Rows, signals.Notices, options.LookEvery, clock, logger).RunAsync(TellPageAsync, cancellationToken);

    private async Task<PageDone> TellPageAsync(CancellationToken cancellationToken) =>
        await notices.TellAsync(await clocks.OwedNoticesAsync(OwedNotices.Page, cancellationToken), Read, cancellationToken);

    // Of a redirection the sender hears.
    private static (EscalationNotice Notice, string To) Read(Google.Protobuf.IMessage told) => told switch
    {
        Escalated e => (new EscalationNotice
        {
            MessageId = e.MessageId,
            Recipient = e.Recipient,
            Step = e.Step,
            Reason = e.Reason,
            At = e.At,
            Alternate = e.Alternate,
        }, e.To),
        Redirected e => (new EscalationNotice
        {
            MessageId = e.MessageId,
            Recipient = e.Recipient,
            Step = EscalationStep.Alternate,
            Reason = Escalation.Redirected,
            At = e.At,
            Alternate = e.To,
        }, ""),
        _ => throw new InvalidOperationException($"The rows of clocks owe a notice for {told.Descriptor.FullName}."),
    };
}
