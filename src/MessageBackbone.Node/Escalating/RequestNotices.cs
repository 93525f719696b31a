using MessageBackbone.Domain.Requests;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

/// <summary>Reminds and tells those whom the steps of requests name: an ordinary message for each, accepted into the log once, as
/// <see cref="EscalationNotices"/> does it.</summary>
internal sealed class RequestNotices(
    RequestQueries requests, IEventLog log, HouseMessages messages, NodeIdentity node, RequestOptions options, RequestSignal told, TimeProvider clock,
    ILogger<RequestNotices> logger)
{
    private const int Page = 64;

    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        new ClockWork(requests.Rows, told.Signal, options.LookEvery, clock, logger).RunAsync(TellPageAsync, cancellationToken);

    private async Task<PageDone> TellPageAsync(CancellationToken cancellationToken)
    {
        var owed = await requests.OwedNoticesAsync(Page, cancellationToken);
        if (owed.Count == 0) return new PageDone(null, PageDone.WhenChanged);
        var accepted = await Task.WhenAll(owed.Select(one => TellAsync(one, cancellationToken)));
        return new PageDone(accepted.Max(), TimeSpan.Zero);
    }

    private async Task<LogPosition> TellAsync(OwedStep owed, CancellationToken cancellationToken)
    {
        var id = MessageId.Parse(owed.EventId.ToString("D"));
        if (await messages.FindAsync(id.Value, cancellationToken) is { } before) return before.Position;
        var stored = await log.ReadAtAsync(owed.Position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {owed.Position}, which the rows of requests name.");
        var (notice, to) = RequestSteps.Notice(Domain.EventTypes.Parse(stored.Type, stored.Data))
            ?? throw new InvalidOperationException($"The rows of requests owe a notice for {stored.Type}.");
        var message = Accepted.Parser.ParseFrom((await messages.RequireAsync(notice.MessageId, cancellationToken)).Data.Span);
        (notice.HeaderSha256, notice.From, notice.DeadlineClass) = (message.HeaderSha256, message.Content.From, message.Content.DeadlineClass);
        var now = clock.GetUtcNow();
        var envelope = Escalations.Compose(notice, message.Content, BureauCode.Parse(to), BureauCode.Parse(node.House), node.Sign, id, now);
        return await messages.AcceptAsync(envelope, notice.MessageId, now, cancellationToken);
    }
}
