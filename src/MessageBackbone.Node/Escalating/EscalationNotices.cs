using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

/// <summary>Tells the party that a step names: an ordinary message for each, accepted into the log once.</summary>
/// <remarks>Owed from the event until the acceptance of a message whose id is the event's: whoever makes it a second time, after a crash or on another node,
/// finds its stream taken (decision 0014).</remarks>
internal sealed class EscalationNotices(
    ServiceClockQueries clocks, IEventLog log, HouseMessages messages, NodeIdentity node, EscalationOptions options, EscalationSignals signals,
    TimeProvider clock, ILogger<EscalationNotices> logger)
{
    private const int Page = 64;

    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        new ClockWork(clocks.Rows, signals.Notices, options.LookEvery, clock, logger).RunAsync(TellPageAsync, cancellationToken);

    private async Task<PageDone> TellPageAsync(CancellationToken cancellationToken)
    {
        var owed = await clocks.OwedNoticesAsync(Page, cancellationToken);
        if (owed.Count == 0) return new PageDone(null, PageDone.WhenChanged);
        var told = await Task.WhenAll(owed.Select(one => TellAsync(one, cancellationToken)));
        return new PageDone(told.Max(), TimeSpan.Zero);
    }

    private async Task<LogPosition> TellAsync(OwedStep owed, CancellationToken cancellationToken)
    {
        var id = MessageId.Parse(owed.EventId.ToString("D"));
        if (await messages.FindAsync(id.Value, cancellationToken) is { } before) return before.Position;
        var stored = await log.ReadAtAsync(owed.Position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {owed.Position}, which the rows of clocks name.");
        var (notice, to) = Read(Domain.EventTypes.Parse(stored.Type, stored.Data));
        var message = Accepted.Parser.ParseFrom((await messages.RequireAsync(notice.MessageId, cancellationToken)).Data.Span);
        (notice.HeaderSha256, notice.From) = (message.HeaderSha256, message.Content.From);
        var now = clock.GetUtcNow();
        var envelope = Escalations.Compose(
            notice, message.Content, BureauCode.Parse(to.Length > 0 ? to : message.Content.From), BureauCode.Parse(node.House), node.Sign, id, now);
        return await messages.AcceptAsync(envelope, notice.MessageId, now, cancellationToken);
    }

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
