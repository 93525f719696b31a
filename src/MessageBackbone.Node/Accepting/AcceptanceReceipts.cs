using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Accepting;

/// <summary>The node's receipt, always from the stored event: a repeat has the same content, only another signature.</summary>
public sealed class AcceptanceReceipts(NodeIdentity node, IEventLog log, TimeProvider clock)
{
    /// <summary>The signed <see cref="AcceptanceReceipt"/> of a recorded <c>message.accepted</c>.</summary>
    public ByteString Of(RecordedEvent stored) => Of(stored, Accepted.Parser.ParseFrom(stored.Data.Span));

    internal ByteString Of(RecordedEvent stored, Accepted accepted)
    {
        var leaf = LedgerLeaves.Write(
            stored.EventId, stored.Stream.Value, stored.Revision.Value, stored.Type, stored.Data.Span, stored.Metadata.Span, stored.RecordedAt);
        var receipt = new AcceptanceReceipt
        {
            MessageId = accepted.Content.MessageId,
            HeaderSha256 = accepted.HeaderSha256,
            Position = stored.Position.Value,
            AcceptedAt = accepted.AcceptedAt,
            Recipients = { accepted.Recipients },
            Node = accepted.Node,
            LeafHash = UnsafeByteOperations.UnsafeWrap(LedgerLeaves.Hash(leaf)),
            Log = log.Name,
        };
        return UnsafeByteOperations.UnsafeWrap(ReceiptBuilding.Acceptance(receipt, node.Sign, clock.GetUtcNow()));
    }
}
