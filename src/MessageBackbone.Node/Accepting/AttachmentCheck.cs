using MessageBackbone.Domain;
using MessageBackbone.Domain.Contents;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>A header names only content that its sender uploaded, with its size, and that is still here.</summary>
internal sealed class AttachmentCheck(AttachmentStore attachments, IEventLog log)
{
    /// <summary>Asks the log who uploaded what.</summary>
    public async Task RequireAsync(MessageHeader header, CancellationToken cancellationToken)
    {
        for (var i = 0; i < header.Attachments.Count; i++)
        {
            var state = await StateAsync(header.Attachments[i], cancellationToken);
            if (UploadedContent.MayName(state, header.From, header.Attachments[i].Size, $"attachments[{i}]") is { } rejection) throw new RefusalException(rejection);
        }
    }

    /// <summary>Keeps the sweep from them. Before the event is appended: it never names what may be dropped.</summary>
    public async Task ClaimAsync(MessageHeader header, CancellationToken cancellationToken)
    {
        if (header.Attachments.Count == 0) return;
        var contents = header.Attachments.Select(attachment => Fingerprint.Read(attachment.Sha256.Span)).ToList();
        if (await attachments.ClaimAsync(contents, header.MessageId, cancellationToken) is { } missing)
        {
            throw new RefusalException(
                Reasons.FieldInvalid, $"Upload `attachments[{missing}]` again: the node dropped it, because no message named it for a day.", [$"attachments[{missing}]"]);
        }
    }

    private async Task<UploadedContent> StateAsync(ContentRef attachment, CancellationToken cancellationToken)
    {
        var state = UploadedContent.Unknown;
        var stream = StreamId.Content(Fingerprint.Read(attachment.Sha256.Span).ToString());
        await foreach (var recorded in log.ReadStreamAsync(stream, null, cancellationToken))
        {
            state = UploadedContent.Evolve(state, EventTypes.Parse(recorded.Type, recorded.Data));
        }

        return state;
    }
}
