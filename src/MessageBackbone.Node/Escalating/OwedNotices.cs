using Google.Protobuf;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Escalating;

/// <summary>Makes the notices that steps owe: an ordinary message for each, accepted into the log once.</summary>
/// <remarks>Owed from the event until the acceptance of a message whose id is the event's: whoever makes it a second time, after a crash or on another node,
/// finds its stream taken (decision 0014).</remarks>
internal sealed class OwedNotices(IEventLog log, HouseMessages messages, NodeIdentity node, TimeProvider clock)
{
    /// <summary>So many are asked for at a time.</summary>
    public const int Page = 64;

    /// <param name="read">What an event has to say, and to whom; to nobody named: to the sender.</param>
    public async Task<PageDone> TellAsync(
        IReadOnlyList<OwedStep> owed, Func<IMessage, (EscalationNotice Notice, string To)> read, CancellationToken cancellationToken)
    {
        if (owed.Count == 0) return new PageDone(null, PageDone.WhenChanged);
        var told = await Task.WhenAll(owed.Select(one => TellAsync(one, read, cancellationToken)));
        return new PageDone(told.Max(), TimeSpan.Zero);
    }

    private async Task<LogPosition> TellAsync(
        OwedStep owed, Func<IMessage, (EscalationNotice Notice, string To)> read, CancellationToken cancellationToken)
    {
        var id = MessageId.Parse(owed.EventId.ToString("D"));
        if (await messages.FindAsync(id.Value, cancellationToken) is { } before) return before.Position;
        var stored = await log.ReadAtAsync(owed.Position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {owed.Position}, for which a notice is owed.");
        var (notice, to) = read(Domain.EventTypes.Parse(stored.Type, stored.Data));
        var message = Accepted.Parser.ParseFrom((await messages.RequireAsync(notice.MessageId, cancellationToken)).Data.Span);
        (notice.HeaderSha256, notice.From) = (message.HeaderSha256, message.Content.From);
        if (notice.RequestStep != RequestStep.Unspecified) notice.DeadlineClass = message.Content.DeadlineClass;
        var now = clock.GetUtcNow();
        var envelope = Escalations.Compose(
            notice, message.Content, BureauCode.Parse(to.Length > 0 ? to : message.Content.From), BureauCode.Parse(node.House), node.Sign, id, now);
        return await messages.AcceptAsync(envelope, notice.MessageId, now, cancellationToken);
    }
}
