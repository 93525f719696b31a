using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Outbox;

/// <summary>What follows from a refusal.</summary>
internal abstract record Answer
{
    /// <summary>Stored as refused and told.</summary>
    public sealed record Final : Answer;

    /// <summary>Sealed or signed again and stored: this is to be submitted.</summary>
    public sealed record Again(WaitingMessage Message) : Answer;

    /// <summary>The node dropped its attachments: they are brought again, then the same bytes.</summary>
    public sealed record Upload(WaitingMessage Message) : Answer;

    /// <summary>The same bytes, later.</summary>
    public sealed record Later : Answer;
}

/// <summary>Turns the node's answers into what is stored and told.</summary>
internal sealed class Answers(
    OutboxStore store, OutboxQueue queue, Staging staging, Acceptances acceptances, Composer composer, DirectoryBook directory, KeyRing keys, GatewayObservers observers,
    GatewayMeter meter, GatewayOptions options, TimeProvider clock, ILogger<Answers> log)
{
    /// <summary>The field that a refusal names when the signer's certificate is meant, not the caller's.</summary>
    private const string HeaderField = "envelope.header";
    private const int MostUploads = 3;

    /// <summary>False when the receipt does not verify: then it is as if there were no answer.</summary>
    public async Task<bool> AcceptedAsync(WaitingMessage message, SignedMessage signed, SubmitReply reply)
    {
        if (!acceptances.TryVerify(reply.Receipt.Memory, signed.HeaderSha256, out var receipt, out var problem) || receipt.MessageId != message.MessageId)
        {
            GatewayLog.AcceptanceNotVerified(log, message.MessageId, problem);
            return false;
        }
        var at = clock.GetUtcNow();
        await store.AcceptAsync(message.Row, (long)receipt.Position, reply.Receipt.ToByteArray(), at, CancellationToken.None);
        queue.Free(message.Size);
        staging.Release(message.MessageId);
        meter.Accepted(at - MessageId.Parse(message.MessageId).Time);
        observers.Tell(new GatewayEvent.Accepted(MessageId.Parse(message.MessageId), receipt.Position, reply.Duplicate, at));
        return true;
    }

    /// <param name="directoryIsFresh">The directory came with the refusal: the node need not be asked for it, and may be out of reach.</param>
    public Task<Answer> RefusedAsync(WaitingMessage message, NodeRefusal refusal, CancellationToken cancellationToken, bool directoryIsFresh = false) => refusal.Reason switch
    {
        _ when IsOfTheCaller(refusal) => Task.FromResult<Answer>(WithNewKeys()),
        Reasons.StoreUnavailable or Reasons.NotLeader or Reasons.Draining or Reasons.QuotaExceeded => Task.FromResult<Answer>(new Answer.Later()),
        Reasons.DirectoryChanged when message.SignedAgain < options.SignAgain => SealAgainAsync(message, directoryIsFresh, cancellationToken),
        Reasons.CertificateNotValid when message.SignedAgain < options.SignAgain && HasOtherSignKey(message) => SignAgainAsync(message, refusal, cancellationToken),
        Reasons.ClockSkew when message.SignedAgain < options.SignAgain => SignAgainAsync(message, refusal, cancellationToken),
        Reasons.FieldInvalid when message.UploadedAgain < MostUploads && IsOfAttachments(refusal) =>
            Task.FromResult<Answer>(new Answer.Upload(message with { UploadedAgain = message.UploadedAgain + 1 })),
        _ => FinalAsync(message, refusal.Reason, refusal.Text),
    };

    /// <summary>The node will not have an attachment: the message is never submitted.</summary>
    public Task NotUploadedAsync(WaitingMessage message, string reason, string text) => FinalAsync(message, reason, text);

    // The node drops what no message named for a day. The fields are those of the references themselves, never of what they say.
    private static bool IsOfAttachments(NodeRefusal refusal) =>
        refusal.Fields is [{ } field] && field.StartsWith("attachments[", StringComparison.Ordinal) && field.EndsWith(']');

    // The node judges its caller before it looks whether the message is there already: such a refusal says nothing about the message (decision 0064).
    private static bool IsOfTheCaller(NodeRefusal refusal) => refusal.Reason is Reasons.UnknownBureau or Reasons.RoleRequired
        || (refusal.Reason == Reasons.CertificateNotValid && !refusal.Fields.Contains(HeaderField, StringComparer.Ordinal));

    private Answer.Later WithNewKeys()
    {
        keys.TryReload(log);
        return new Answer.Later();
    }

    // Under the same id: should an earlier attempt whose answer was lost still be recorded, the node refuses the second bytes, and nobody gets both.
    private async Task<Answer> SealAgainAsync(WaitingMessage message, bool directoryIsFresh, CancellationToken cancellationToken)
    {
        if (!directoryIsFresh) await directory.RefreshAllAsync(cancellationToken);
        return await AgainAsync(message, async () =>
        {
            var sealedAgain = await composer.AgainAsync(store.Read(message.Row).Signed, MessageId.Parse(message.MessageId), cancellationToken);
            var waiting = await store.SealAgainAsync(message, sealedAgain, CancellationToken.None);
            queue.Resize(message.Size, waiting.Size);
            GatewayLog.SealedAgain(log, message.MessageId, waiting.SignedAgain);
            return waiting;
        });
    }

    // The contract says that CLOCK_SKEW and a signer's CERTIFICATE_NOT_VALID prove that the id was never accepted: so a new id cannot lead to two messages.
    private Task<Answer> SignAgainAsync(WaitingMessage message, NodeRefusal refusal, CancellationToken cancellationToken) => AgainAsync(message, async () =>
    {
        var at = clock.GetUtcNow();
        var id = MessageId.New(at);
        var stored = store.Read(message.Row);
        var signedAgain = await composer.AgainAsync(stored.Signed, id, cancellationToken);
        var waiting = await store.ReplaceAsync(message, signedAgain, refusal.Reason, stored.Origin with { At = at }, CancellationToken.None);
        queue.Resize(message.Size, waiting.Size);
        GatewayLog.SignedAgain(log, message.MessageId, id.Value, refusal.Reason);
        observers.Tell(new GatewayEvent.Replaced(MessageId.Parse(message.MessageId), id, refusal.Reason, at));
        return waiting;
    });

    private async Task<Answer> AgainAsync(WaitingMessage message, Func<Task<WaitingMessage>> again)
    {
        try
        {
            return new Answer.Again(await again());
        }
        catch (DraftRefusedException refused)
        {
            return await FinalAsync(message, refused.Reason, refused.Message);
        }
    }

    private async Task<Answer> FinalAsync(WaitingMessage message, string reason, string text)
    {
        var at = clock.GetUtcNow();
        await store.RefuseAsync(message.Row, reason, text, at, CancellationToken.None);
        queue.Free(message.Size);
        staging.Release(message.MessageId);
        meter.Refused(reason);
        GatewayLog.MessageRefused(log, message.MessageId, reason);
        observers.Tell(new GatewayEvent.Refused(MessageId.Parse(message.MessageId), reason, text, at));
        return new Answer.Final();
    }

    // Compared with the key that signed this message: another message may have made the gateway read its keys again already.
    private bool HasOtherSignKey(WaitingMessage message)
    {
        keys.TryReload(log);
        return SignedObject.TryRead(store.Read(message.Row).Signed.Header, out var signed, out _)
            && !signed.CertificateDer.Span.SequenceEqual(keys.Keys.Sign!.RawDataMemory.Span);
    }
}
