using Google.Protobuf;
using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>From the gateway's own words to JSON.</summary>
internal static class ShapeMapping
{
    public static InboxItem ToShape(this InboxEntry entry, Alike alike) => new(
        entry.MessageId, entry.Sender, EnumNames.Of((Precedence)entry.Precedence), entry.Kind, entry.Topic, entry.Reference, entry.ConversationId, entry.Exercise,
        (ulong)entry.Position, (ulong)entry.Sequence, entry.ReceivedAt, entry.OpenedAt, entry.Officer,
        entry.Recall == RecallState.Unspecified ? "" : EnumNames.Of(entry.Recall), alike.Of(entry), entry.Attachments);

    public static RecallShape ToShape(this Holding holder) => new(
        holder.Recipient, holder.State, holder.StillHolds, holder.Reason, holder.LegalBasis, holder.OrderedAt, holder.StatedAt, holder.OrderId,
        holder.StatementId);

    public static SentItem ToShape(this OutboxEntry entry) => new(
        entry.MessageId, EnumNames.Of(entry.State), EnumNames.Of((Precedence)entry.Precedence), entry.Kind, entry.Reference, entry.Recipients, entry.Size,
        entry.QueuedAt, entry.QueuedBy, entry.DecidedAt, (ulong?)entry.Position, entry.Reason, entry.ReasonText, entry.ReplacedBy, entry.Replaces, entry.SignedAgain);

    public static HeaderShape ToShape(this MessageHeader header) => new(
        header.MessageId, header.From, header.To, header.Info, EnumNames.Of(header.Precedence), header.Kind, header.ConversationId, header.InReplyTo,
        header.Reference, Time(header.CreatedAt) ?? default, Time(header.DeliverBy), Shape(header.Handling), EnumNames.Of(header.BodyForm), header.BodySize,
        header.Topic, header.Exercise, header.Language, header.DeadlineClass, Hex(header.BodySha256), Hex(header.ContentSha256));

    public static OpenedShape ToShape(this OpenedMessage opened, IReadOnlyList<AttachmentState> attachments, LooksLikeShape? looksLike) => new(
        opened.Header.ToShape(), opened.Content.Subject, opened.Content.Text,
        opened.Content.Data.IsEmpty && opened.Content.FileName.Length == 0 ? null : new FileShape
        {
            Name = opened.Content.FileName,
            MediaType = opened.Content.MediaType,
            Data = opened.Content.Data.ToBase64(),
        },
        opened.Content.HandlingNote, opened.First, looksLike, [.. attachments.Select(ToShape)]);

    public static AttachmentShape ToShape(this AttachmentState one) => new(one.Sha256, one.Name, one.MediaType, one.Size, one.State, one.Held, one.Reason);

    public static CarryShape ToShape(this CarrySummary summary) => new(
        summary.Bureau, EnumNames.Of(summary.Direction), summary.Number, Hex(summary.Sha256), summary.Size, Time(summary.CreatedAt),
        [.. summary.Messages.Select(level => new CarryCountShape(EnumNames.Of(level.Precedence), level.Count))], summary.Receipts, summary.Answers, summary.Trackings,
        summary.AlreadyImported, summary.Checked, summary.Taken, summary.Repeated, summary.Refused, summary.ReceiptsRefused, summary.Left, summary.NotCarried,
        summary.NotCarriedMore);

    public static DateTimeOffset? Time(Google.Protobuf.WellKnownTypes.Timestamp? time) => TimestampReading.TryRead(time, out var read) ? read : null;

    public static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static HandlingShape Shape(Handling handling) => new()
    {
        Classification = EnumNames.Of(handling.Classification),
        Codes = [.. handling.Codes.Select(EnumNames.Of)],
        Purpose = EnumNames.Of(handling.Purpose),
        LegalBasis = handling.LegalBasis,
    };
}
