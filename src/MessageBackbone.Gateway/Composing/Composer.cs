using System.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Composing;

/// <summary>Draft → checks → recipients → seal → sign. What leaves here is what is stored and sent, byte for byte.</summary>
internal sealed class Composer(KeyRing keys, Recipients recipients, Staging staging, GatewayOptions options, TimeProvider clock)
{
    private const int MostAttachments = 64;

    /// <summary>Throws <see cref="DraftRefusedException"/> with the reason and the fields.</summary>
    public async Task<SignedMessage> ComposeAsync(Draft draft, CancellationToken cancellationToken)
    {
        using var activity = GatewayTelemetry.Source.StartActivity("compose");
        if (draft.Subject.Length + draft.Text.Length + (long)draft.Data.Length > options.MaxContent)
            throw new DraftRefusedException(Reasons.TooLarge, $"The content is larger than {options.MaxContent} bytes.", ["text", "data"]);
        RequireAttachments(draft);
        var message = new MessageDraft(Header(draft), Content(draft));
        if (draft.Topic.Length > 0) await AddressAsync(message.Header, cancellationToken);
        var at = clock.GetUtcNow();
        return Close(message, MessageId.New(at), at) with
        {
            Attachments = [.. draft.Attachments.Select(one => new OutgoingAttachment(one.Key.Sha256.ToByteArray(), one.Size, one.File))],
        };
    }

    /// <summary>
    /// The same message once more under the id, with the topic's subscribers as they are now. Its content is read with this bureau's own seal key; it is
    /// nowhere kept in clear.
    /// </summary>
    public async Task<SignedMessage> AgainAsync(SignedMessage sent, MessageId id, CancellationToken cancellationToken)
    {
        if (!ReceiptBuilding.TryRead(sent.Header, MessageHeader.Parser, out _, out var header, out var problem))
            throw new InvalidOperationException($"The outbox holds a header that cannot be read: {problem}");
        var content = Reopen(sent, header);
        // What is inside an order or a statement is signed by the certificate of its message.
        if (Recalls.IsRecallKind(header.Kind)) content = Recalls.SignAgain(content, keys.Keys.Sign!, clock.GetUtcNow());
        if (header.Topic.Length > 0)
        {
            header.Info.Clear();
            await AddressAsync(header, cancellationToken);
        }
        if (header.ConversationId == sent.MessageId) header.ConversationId = ""; // a conversation that began with the old id begins with the new one
        return Close(new MessageDraft(header, content), id, clock.GetUtcNow());
    }

    /// <summary>What was sent, for another bureau under a new id: same content, reference, conversation and precedence. It is read with this bureau's own
    /// seal key; it is nowhere kept in clear.</summary>
    public SignedMessage ForAnother(SignedMessage sent, string to)
    {
        if (!ReceiptBuilding.TryRead(sent.Header, MessageHeader.Parser, out _, out var header, out var problem))
            throw new InvalidOperationException($"The outbox holds a header that cannot be read: {problem}");
        if (header.From == to || header.To.Contains(to) || header.Info.Contains(to))
            throw new DraftRefusedException(Reasons.FieldInvalid, "to: This bureau has the message already, or is its sender.", ["to"]);
        if (header.Attachments.Count > 0)
            throw new DraftRefusedException(Reasons.FieldInvalid, "A message with attachments cannot be sent on: send it anew.", ["message_id"]);
        var content = Reopen(sent, header);
        header.To.Clear();
        header.Info.Clear();
        header.Alternates.Clear();
        header.To.Add(to);
        // Whom a topic is for is the directory's to say: this copy is for one bureau.
        header.Topic = "";
        var at = clock.GetUtcNow();
        if (header.DeliverBy is { } by && by.ToDateTimeOffset() <= at)
            throw new DraftRefusedException(Reasons.Expired, "Its deliver_by has passed: if it still matters, send it anew.", ["deliver_by"]);
        return Close(new MessageDraft(header, content), MessageId.New(at), at);
    }

    private void RequireAttachments(Draft draft)
    {
        if (draft.Attachments.Count == 0) return;
        if (draft.Form == BodyForm.Clear)
            throw new DraftRefusedException(Reasons.FieldInvalid, "attachments: their keys are sealed, so a message that travels unsealed has none.", ["attachments", "form"]);
        if (draft.Attachments.Count > MostAttachments)
            throw new DraftRefusedException(Reasons.FieldInvalid, $"attachments: at most {MostAttachments}.", ["attachments"]);
        staging.RequireHere(draft.Attachments);
    }

    // With a topic `info` is exactly its subscribers: a bureau named besides would be refused by the node, and leaving it out unasked is no way out.
    private async Task AddressAsync(MessageHeader header, CancellationToken cancellationToken)
    {
        if (!Patterns.IsTopic(header.Topic)) return; // refused with the other fields
        var subscribers = await recipients.OfTopicAsync(header.Topic, header.To, cancellationToken);
        if (header.Info.Except(subscribers, StringComparer.Ordinal).Any())
            throw new DraftRefusedException(Reasons.FieldInvalid, "info: with a topic, only its subscribers get a message for information. Send to the others without the topic.", ["info"]);
        header.Info.Clear();
        header.Info.AddRange(subscribers);
    }

    private SignedMessage Close(MessageDraft draft, MessageId id, DateTimeOffset at)
    {
        draft.Header.From = keys.Bureau.Value;
        Require([.. Early(draft.Header, id, at), .. ContentFields.Check(Salted(draft.Content)).Select(p => p with { Path = $"content.{p.Path}" })]);
        recipients.Check(draft.Header);
        var sealTo = recipients.SealTo(draft.Header, at);
        Envelope envelope;
        using (GatewayTelemetry.Source.StartActivity("seal"))
            envelope = MessageComposing.Compose(draft, sealTo, keys.Keys.Sign!, id, keys.Bureau, at);
        var (header, body) = (envelope.Header.ToByteArray(), envelope.Body.ToByteArray());
        Activity.Current?.SetTag("message.id", id.Value);
        return new SignedMessage(id.Value, (int)draft.Header.Precedence, draft.Header.Kind, draft.Header.Reference,
            [.. draft.Header.To, .. draft.Header.Info], Digests.Sha256(header), header, body);
    }

    // All fields are told at once and before anything is sealed; what sealing fills in stands there with a value that passes.
    private static IReadOnlyList<FieldProblem> Early(MessageHeader draft, MessageId id, DateTimeOffset at)
    {
        var header = draft.Clone();
        header.MessageId = id.Value;
        header.CreatedAt = Timestamp.FromDateTimeOffset(at);
        if (header.ConversationId.Length == 0) header.ConversationId = id.Value;
        header.ContentSha256 = header.BodySha256 = ByteString.CopyFrom(new byte[Digests.Size]);
        header.BodySize = 1;
        return HeaderFields.Check(header);
    }

    private static SealedContent Salted(SealedContent draft)
    {
        var content = draft.Clone();
        content.Salt = ByteString.CopyFrom(new byte[ContentFields.SaltSize]);
        return content;
    }

    private static void Require(IReadOnlyList<FieldProblem> problems)
    {
        if (problems.Count == 0) return;
        throw new DraftRefusedException(Reasons.FieldInvalid, string.Join(" ", problems.Take(5).Select(p => $"{p.Path}: {p.Text}")), [.. problems.Select(p => p.Path)]);
    }

    private SealedContent Reopen(SignedMessage sent, MessageHeader header)
    {
        ReadOnlyMemory<byte> bytes = sent.Body;
        if (header.BodyForm == BodyForm.Sealed)
        {
            if (!SealedBody.TryRead(sent.Body, out var body, out var problem) || !body.TryOpen(keys.Keys.SealKeys, out var opened, out problem))
                throw new DraftRefusedException(Reasons.CannotOpen, $"The message cannot be sealed again: {problem}", []);
            bytes = opened;
        }
        return SealedContent.Parser.ParseFrom(bytes.Span);
    }

    private MessageHeader Header(Draft draft)
    {
        var header = new MessageHeader
        {
            Precedence = draft.Precedence,
            Kind = draft.Kind,
            ConversationId = draft.ConversationId,
            InReplyTo = draft.InReplyTo,
            Reference = draft.Reference,
            Handling = draft.Handling?.Clone() ?? DefaultHandling(),
            BodyForm = draft.Form,
            Topic = draft.Topic,
            Exercise = draft.Exercise,
            Language = draft.Language,
            DeadlineClass = draft.DeadlineClass,
            DeliverBy = draft.DeliverBy is { } by ? Timestamp.FromDateTimeOffset(by) : null,
        };
        header.Attachments.AddRange(draft.Attachments.Select(one => new ContentRef { Sha256 = one.Key.Sha256, Size = (ulong)one.Size, MediaType = one.MediaType }));
        header.To.AddRange(draft.To);
        header.Info.AddRange(draft.Info);
        header.Alternates.AddRange(draft.Alternates);
        if (draft.DeliverBy <= clock.GetUtcNow())
            throw new DraftRefusedException(Reasons.Expired, "deliver_by has passed already.", ["deliver_by"]);
        return header;
    }

    private static SealedContent Content(Draft draft) => new()
    {
        Subject = draft.Subject,
        Text = draft.Text,
        Data = ByteString.CopyFrom(draft.Data.Span),
        MediaType = draft.MediaType,
        FileName = draft.FileName,
        HandlingNote = draft.HandlingNote,
        AttachmentKeys = { draft.Attachments.Select(one => one.Key) },
    };

    private Handling DefaultHandling() => new()
    {
        Classification = EnumNames.Parse<Classification>(options.DefaultClassification),
        Purpose = EnumNames.Parse<Purpose>(options.DefaultPurpose),
    };
}
