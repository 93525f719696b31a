using MessageBackbone.Domain;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Recording;

/// <summary>Who is a recipient of a message: those named in its acceptance, and an alternate from the event on that redirected it there.</summary>
internal sealed class MessageParties(IEventLog log)
{
    /// <summary>The acceptance of a message of which the bureau is a recipient, with it among the recipients; null: it is none.</summary>
    public async Task<Accepted?> FindAsync(string messageId, string bureau, CancellationToken cancellationToken)
    {
        await foreach (var stored in log.ReadStreamAsync(StreamId.Message(messageId), null, cancellationToken))
            return await AsRecipientAsync(Accepted.Parser.ParseFrom(stored.Data.Span), bureau, cancellationToken);
        return null;
    }

    /// <inheritdoc cref="FindAsync"/>
    public async Task<Accepted?> AsRecipientAsync(Accepted accepted, string bureau, CancellationToken cancellationToken)
    {
        if (accepted.Recipients.Contains(bureau)) return accepted;
        if (Redirection.InsteadOf(accepted.Content, bureau) is not { } recipient) return null;
        await foreach (var stored in log.ReadStreamAsync(StreamId.Delivery(accepted.Content.MessageId, recipient), null, cancellationToken))
            if (EventTypes.Parse(stored.Type, stored.Data) is Redirected e && e.To == bureau)
                return Redirection.Including(accepted, bureau);
        return null;
    }
}
