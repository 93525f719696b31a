using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Receiving;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Carrying;

/// <summary>The node's answers that came in a file: for messages as those of a Submit, for receipts as those of an attendance.</summary>
internal sealed class CarriedAnswers(
    OutboxStore outbox, OutboxQueue queue, Answers answers, ReceiptStore receipts, ReceiptSigning signing, GatewayObservers observers, GatewayMeter meter, TimeProvider clock,
    ILogger<CarriedAnswers> log)
{
    /// <summary>An answer to a message that is final, or to other bytes than those that wait, changes nothing.</summary>
    public async Task TakeAsync(CarriedAnswer answer, CancellationToken cancellationToken)
    {
        if (outbox.Find(answer.MessageId) is not { State: OutboxState.Waiting } entry || !answer.HeaderSha256.Span.SequenceEqual(entry.HeaderSha256)) return;
        // Null: a line is asking for it now, and its answer counts.
        if (queue.TryTake(entry.Row, entry.Precedence) is not { } message) return;
        WaitingMessage? waiting = message;
        try
        {
            waiting = answer.OutcomeCase switch
            {
                CarriedAnswer.OutcomeOneofCase.Accepted => await answers.AcceptedAsync(message, outbox.Read(message.Row).Signed, answer.Accepted) ? null : message,
                CarriedAnswer.OutcomeOneofCase.Refused => await RefusedAsync(message, answer.Refused, cancellationToken),
                _ => message,
            };
        }
        finally
        {
            if (waiting is not null) queue.Put(waiting);
        }
    }

    /// <summary>False: the receipt was refused.</summary>
    public async Task<bool> TakeAsync(CarriedReceiptAnswer answer, CancellationToken cancellationToken)
    {
        if (receipts.Find(answer.MessageId, answer.SignedSha256.ToByteArray()) is not { } receipt) return true;
        if (answer.Recorded is { } recorded)
        {
            if (await receipts.RecordAsync(receipt.MessageId, receipt.HeaderSha256, receipt.Kind, (long)recorded.Position, CancellationToken.None))
            {
                meter.ReceiptRecorded();
                observers.Tell(new GatewayEvent.ReceiptRecorded(
                    MessageId.Parse(receipt.MessageId), (DeliveryOutcome)receipt.Outcome, recorded.Position, clock.GetUtcNow()));
            }
            return true;
        }
        var refusal = NodeRefusal.Of(answer.Refused ?? new Refusal());
        observers.Tell(new GatewayEvent.ReceiptRefused(MessageId.Parse(receipt.MessageId), refusal.Reason, clock.GetUtcNow()));
        // Not final, as over a line (decision 0065): it goes into the next file, signed with another key where there is one.
        if (refusal.Reason == Reasons.CertificateNotValid)
            await signing.AgainAsync(
                new SentReceipt(receipt.MessageId, receipt.HeaderSha256, receipt.Kind, receipt.Outcome, "", receipt.Signed, OfDelivery: false), cancellationToken);
        else
            await receipts.RefuseAsync(receipt.MessageId, receipt.HeaderSha256, receipt.Kind, refusal.Reason, cancellationToken);
        return false;
    }

    // What is to be sent again; null: the refusal is final.
    private async Task<WaitingMessage?> RefusedAsync(WaitingMessage message, Refusal refusal, CancellationToken cancellationToken)
    {
        if (refusal.Reason == Reasons.ClockSkew)
        {
            // By then the same bytes may lie in a file that comes later and is accepted: a new id would be a second message (decision 0138).
            GatewayLog.AheadOfTheNode(log, message.MessageId);
            return message;
        }
        return await answers.RefusedAsync(message, NodeRefusal.Of(refusal), cancellationToken, directoryIsFresh: true) switch
        {
            Answer.Final => null,
            Answer.Again again => again.Message,
            _ => message,
        };
    }
}
