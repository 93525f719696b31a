using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Ledger;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Messages;

/// <summary>Leaves of the ledger: the bytes of LedgerLeaf as stored, hashed by RFC 6962.</summary>
public static class LedgerLeaves
{
    /// <param name="eventId">The 16 bytes of the event's id, big-endian on the wire.</param>
    public static byte[] Write(
        Guid eventId, string stream, ulong revision, string type, ReadOnlySpan<byte> data, ReadOnlySpan<byte> metadata, DateTimeOffset recordedAt)
    {
        var leaf = new LedgerLeaf
        {
            EventId = ByteString.CopyFrom(eventId.ToByteArray(bigEndian: true)),
            Stream = stream,
            Revision = revision,
            Type = type,
            Data = ByteString.CopyFrom(data),
            Metadata = ByteString.CopyFrom(metadata),
            RecordedAt = Timestamp.FromDateTimeOffset(recordedAt),
        };
        return leaf.ToByteArray();
    }

    /// <summary>SHA-256(0x00 ‖ leaf)</summary>
    public static byte[] Hash(ReadOnlySpan<byte> leaf) => MerkleTree.LeafHash(leaf).ToArray();
}
