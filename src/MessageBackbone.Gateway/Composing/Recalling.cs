using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Directory;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Composing;

/// <summary>Recalls a message of this bureau: an order in the outbox, noted beside it.</summary>
internal sealed class Recalling(OutboxStore outbox, RecallStore recalls, Posting posting, DirectoryBook directory, KeyRing keys, TimeProvider clock)
{
    /// <summary>The order survives a crash and will be submitted. Throws <see cref="DraftRefusedException"/> when there is nothing to recall.</summary>
    /// <param name="to">Whom to ask; empty: every recipient that still takes part.</param>
    /// <param name="precedence">Null: the message's own.</param>
    public async Task<SentOrder> OrderAsync(OutboxEntry sent, string reason, IReadOnlyList<string> to, Precedence? precedence, string user)
    {
        if (!Patterns.IsReasonCode(reason)) throw Invalid("reason: a code like SENT_IN_ERROR, [A-Z_]{1,64}.", "reason");
        RequireAccepted(sent);
        if (!ReceiptBuilding.TryRead(outbox.Header(sent.Row), MessageHeader.Parser, out _, out var header, out var problem))
            throw new InvalidOperationException($"The outbox holds a header that cannot be read: {problem}");
        // An alternate may have it by now, or get it later: it is asked like a recipient.
        string[] parties = [.. sent.Recipients, .. header.Alternates.Select(alternate => alternate.Bureau)];
        if (to.Distinct(StringComparer.Ordinal).Count() != to.Count || to.Except(parties, StringComparer.Ordinal).Any())
            throw Invalid("to: recipients or alternates of the message, each once.", "to");
        IReadOnlyList<string> asked = to.Count > 0 ? to : [.. parties.Distinct(StringComparer.Ordinal).Where(TakesPart)];
        if (asked.Count == 0) throw Invalid("to: no recipient of the message takes part any more.", "to");
        var at = clock.GetUtcNow();
        var order = new RecallOrder
        {
            MessageId = sent.MessageId,
            HeaderSha256 = ByteString.CopyFrom(sent.HeaderSha256),
            Reason = reason,
            At = at.ToTimestamp(),
        };
        var message = SignedMessages.Of(Recalls.Compose(order, header, asked, precedence ?? header.Precedence, keys.Keys.Sign!, MessageId.New(at), at));
        var noted = new SentOrder(message.MessageId, sent.MessageId, reason, asked, at);
        await posting.PutAsync(message, user, session => RecallStore.Note(session, noted));
        return noted;
    }

    /// <summary>This bureau's orders for a message, the newest first, each with what became of it in the outbox.</summary>
    public IReadOnlyList<(SentOrder Order, OutboxState State)> Of(string messageId) =>
        [.. recalls.Sent(messageId).Select(order => (order, Last(order.OrderId)?.State ?? OutboxState.Refused))];

    // An order that was signed again under a new id goes on under that one.
    private OutboxEntry? Last(string id)
    {
        var entry = outbox.Find(id);
        while (entry is { State: OutboxState.Replaced, ReplacedBy: var next }) entry = outbox.Find(next);
        return entry;
    }

    private bool TakesPart(string bureau) => directory.Copy.Bureaus.TryGetValue(bureau, out var entry) && !entry.Closed;

    private static void RequireAccepted(OutboxEntry sent)
    {
        if (Recalls.IsRecallKind(sent.Kind)) throw Invalid("id: an order or a statement is not recalled itself.", "id");
        switch (sent.State)
        {
            case OutboxState.Waiting:
                throw new DraftRefusedException(
                    DraftRefusedException.NotAcceptedYet, "The node has not accepted the message yet. Recall it when it has: see its state.", ["id"]);
            case OutboxState.Refused:
                throw new DraftRefusedException(Reasons.AlreadyFinal, "The node refused the message: nobody got it.", ["id"]);
            case OutboxState.Replaced:
                throw new DraftRefusedException(Reasons.AlreadyFinal, $"The message goes on as {sent.ReplacedBy}. Recall that one.", ["id"]);
        }
    }

    private static DraftRefusedException Invalid(string text, string field) => new(Reasons.FieldInvalid, text, [field]);
}
