using System.Diagnostics;
using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Outbox;

/// <summary>From a draft to a row in the outbox.</summary>
internal sealed class Posting(Composer composer, OutboxStore store, OutboxQueue queue, Uploads uploads, GatewayMeter meter, TimeProvider clock)
{
    public async Task<MessageId> SendAsync(Draft draft, string user, CancellationToken cancellationToken)
    {
        using var activity = GatewayTelemetry.Source.StartActivity("send");
        var message = await composer.ComposeAsync(draft, cancellationToken);
        activity?.SetTag("message.id", message.MessageId);
        return await PutAsync(message, user);
    }

    /// <summary>What was sent once more, to another bureau (<see cref="Composer.ForAnother"/>).</summary>
    public async Task<MessageId> ResendAsync(OutboxEntry sent, string to, string user)
    {
        using var activity = GatewayTelemetry.Source.StartActivity("resend");
        return await PutAsync(composer.ForAnother(store.Read(sent.Row).Signed, to), user);
    }

    /// <summary>Puts a signed message into the outbox, if there is room.</summary>
    /// <param name="also">What is written with it, in one transaction. May run twice.</param>
    public async Task<MessageId> PutAsync(SignedMessage message, string user, Action<Storing.SqliteSession>? also = null)
    {
        if (!queue.TryReserve(message.Size, (Precedence)message.Precedence))
            throw new DraftRefusedException(DraftRefusedException.OutboxFull, "The outbox is full: the node has not answered for too long. Send it again later.", []);
        try
        {
            // Not cancelled any more: from here on the caller gets the id, or knows that nothing was stored.
            var waiting = await store.AddAsync(message, new Origin(user, Activity.Current?.Id, clock.GetUtcNow()), CancellationToken.None, also);
            if (message.Attachments.Count == 0) queue.Put(waiting);
            else uploads.Put(waiting);
        }
        catch
        {
            queue.Free(message.Size);
            throw;
        }
        meter.Composed();
        return MessageId.Parse(message.MessageId);
    }
}

/// <summary>Waits for the node's answer to one message, through all the ids that it gets.</summary>
internal static class AnswerWait
{
    public static async Task<GatewayEvent> ForAsync(GatewayParts parts, MessageId id, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<GatewayEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        var current = id;
        using var watching = parts.Observers.Add(happened =>
        {
            if (happened is GatewayEvent.Replaced replaced && replaced.Message == current) current = replaced.By;
            else if (happened is GatewayEvent.Accepted accepted && accepted.Message == current) answer.TrySetResult(accepted);
            else if (happened is GatewayEvent.Refused refused && refused.Message == current) answer.TrySetResult(refused);
        });
        // The answer may have come before the watch began.
        if (Stored(parts.Outbox, id, out var last) is { } stored) return stored;
        if (last != id) current = last;
        return await answer.Task.WaitAsync(cancellationToken);
    }

    private static GatewayEvent? Stored(OutboxStore store, MessageId id, out MessageId last)
    {
        last = id;
        while (store.Find(last.Value) is { } entry)
        {
            if (entry.State == OutboxState.Accepted)
                return new GatewayEvent.Accepted(last, (ulong)entry.Position!.Value, Duplicate: false, entry.DecidedAt!.Value);
            if (entry.State == OutboxState.Refused) return new GatewayEvent.Refused(last, entry.Reason, entry.ReasonText, entry.DecidedAt!.Value);
            if (entry.State == OutboxState.Waiting) return null;
            last = MessageId.Parse(entry.ReplacedBy);
        }
        throw new ArgumentException("The outbox has no such message.", nameof(id));
    }
}
