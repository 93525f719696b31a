using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Operations;

/// <summary>What is quarantined, as operators see it, and their orders to let it go on or to refuse it.</summary>
/// <remarks>The plan says what there is to decide; each decision is made against the delivery's own stream.</remarks>
internal sealed class QuarantineView(Plan plan, IEventLog log, EventRecorder recorder, NodeIdentity node, TimeProvider clock)
{
    private const int DefaultPage = 100;
    private const int LongestPage = 200;

    public async Task<QuarantineList> ListAsync(ListQuarantineRequest request, CancellationToken cancellationToken)
    {
        if (request.Bureau.Length > 0) RequireBureau(request.Bureau);
        if (QuarantinePlace.Parse(request.After) is not { } after)
            throw new RefusalException(Reasons.FieldInvalid, "Give `next` of the page before, or nothing.", ["after"]);
        var limit = request.Limit == 0 ? DefaultPage : (int)Math.Min(request.Limit, LongestPage);
        // One more than wanted tells whether there is a next page.
        var rows = plan.Quarantine.List(request.Bureau, after, limit + 1);
        var list = new QuarantineList { Total = (ulong)plan.Quarantine.Count(request.Bureau) };
        foreach (var row in rows.Take(limit)) list.Deliveries.Add(Shown(row, await AcceptedAsync(row, cancellationToken)));
        if (rows.Count > limit) list.Next = new QuarantinePlace(rows[limit - 1].Row.Lane.Bureau, rows[limit - 1].Row.Position.Value).ToString();
        return list;
    }

    public async Task<ReleaseQuarantineReply> ReleaseAsync(Caller caller, ReleaseQuarantineRequest request, CancellationToken cancellationToken)
    {
        Check(request);
        var one = request.MessageId.Length > 0;
        var rows = one ? [Found(request)] : FoundAll(request);
        var reply = new ReleaseQuarantineReply();
        foreach (var row in rows)
        {
            var accepted = await AcceptedAsync(row, cancellationToken);
            if (!request.DryRun && await DecideAsync(caller, request, row, accepted, cancellationToken) is { } rejection)
            {
                if (one) throw new RefusalException(rejection);
                continue; // it ended meanwhile, or another operator was faster
            }
            reply.Deliveries.Add(Shown(row, accepted));
        }
        if (!one) reply.Left = (ulong)Math.Max(0, plan.Quarantine.CountOfConversation(Guid.Parse(request.ConversationId), request.Bureau) - rows.Count);
        return reply;
    }

    private async Task<Domain.Rejection?> DecideAsync(
        Caller caller, ReleaseQuarantineRequest request, QuarantinedRow row, Accepted accepted, CancellationToken cancellationToken)
    {
        var (by, at, bureau) = (caller.Holder.Uri, clock.GetUtcNow(), row.Row.Lane.Bureau);
        DeliveryCommand command = request.Action == QuarantineAction.Release
            ? new Release(accepted, bureau, by, request.Reason, at, node.Name)
            : new RefuseQuarantined(accepted, bureau, by, request.Reason, at, node.Name);
        var outcome = await recorder.DecideAsync(
            StreamId.Delivery(row.Row.MessageText, bureau), DeliveryProgress.Waiting, DeliveryProgress.Evolve,
            state => DeliveryProgress.Decide(state, command), new Provenance(by, row.Row.MessageText), cancellationToken);
        return outcome is Recording<DeliveryProgress>.Refused refused ? refused.Rejection : null;
    }

    private QuarantinedRow Found(ReleaseQuarantineRequest request)
    {
        var row = plan.Quarantine.Find(Guid.Parse(request.MessageId), request.Bureau) ?? throw NotThere("message_id");
        if (request.Action == QuarantineAction.Release && row.Conversation is { } conversation
            && plan.Quarantine.OfConversation(conversation, request.Bureau, 1) is [var first] && first.Row.Position < row.Row.Position)
            throw new RefusalException(
                Reasons.FieldInvalid, $"Message {first.Row.MessageText} of the same conversation is quarantined before it: release that one first, or the "
                + "whole conversation.", ["message_id"]);
        return row;
    }

    private IReadOnlyList<QuarantinedRow> FoundAll(ReleaseQuarantineRequest request) =>
        plan.Quarantine.OfConversation(Guid.Parse(request.ConversationId), request.Bureau, LongestPage) is { Count: > 0 } rows
            ? rows : throw NotThere("conversation_id");

    private static RefusalException NotThere(string field) =>
        new(Reasons.UnknownMessage, "Nothing of that is quarantined at this bureau. List what is.", [field]);

    private static void Check(ReleaseQuarantineRequest request)
    {
        RequireBureau(request.Bureau);
        if (request.MessageId.Length > 0 == request.ConversationId.Length > 0)
            throw new RefusalException(Reasons.FieldInvalid, "Name a message or a conversation, one of the two.", ["message_id", "conversation_id"]);
        if (request.MessageId.Length > 0 && !MessageId.TryParse(request.MessageId, out _))
            throw new RefusalException(Reasons.FieldInvalid, "That is no message id.", ["message_id"]);
        if (request.ConversationId.Length > 0 && !Patterns.IsUuid(request.ConversationId))
            throw new RefusalException(Reasons.FieldInvalid, "A conversation is named by a UUID in lower case.", ["conversation_id"]);
        if (request.Action is not (QuarantineAction.Release or QuarantineAction.Refuse))
            throw new RefusalException(Reasons.FieldInvalid, "Say what to do: release or refuse.", ["action"]);
        if ((request.Action == QuarantineAction.Refuse || request.Reason.Length > 0) && !Patterns.IsReasonCode(request.Reason))
            throw new RefusalException(Reasons.FieldInvalid, "A reason is a code like NOT_READABLE: [A-Z_]{1,64}.", ["reason"]);
    }

    private static void RequireBureau(string code)
    {
        if (!BureauCode.TryParse(code, out _)) throw new RefusalException(Reasons.FieldInvalid, "Name a bureau by its code.", ["bureau"]);
    }

    private async Task<Accepted> AcceptedAsync(QuarantinedRow row, CancellationToken cancellationToken)
    {
        var stored = await log.ReadAtAsync(row.Row.Position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {row.Row.Position}, which the plan names.");
        return Redirection.Including(Accepted.Parser.ParseFrom(stored.Data.Span), row.Row.Lane.Bureau);
    }

    private static QuarantinedDelivery Shown(QuarantinedRow row, Accepted accepted) => new()
    {
        Bureau = row.Row.Lane.Bureau,
        MessageId = row.Row.MessageText,
        Precedence = row.Row.Lane.Precedence,
        From = accepted.Content.From,
        ConversationId = row.Conversation?.ToString("D") ?? "",
        Reason = row.Reason,
        Since = row.Since.ToTimestamp(),
        WaitingBehind = (ulong)row.Behind,
        Position = row.Row.Position.Value,
        Attempts = row.Row.Attempts,
        Exercise = accepted.Content.Exercise,
    };
}
