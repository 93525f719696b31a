using System.Buffers.Binary;
using Google.Protobuf;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Identifiers as the protocol writes them.</summary>
internal static class WireIds
{
    /// <summary>The 16 bytes in network order, as two halves.</summary>
    public static UUID ToWire(this Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return new()
        {
            Structured = new()
            {
                MostSignificantBits = BinaryPrimitives.ReadInt64BigEndian(bytes),
                LeastSignificantBits = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]),
            },
        };
    }

    /// <summary>Either form of the protocol. <see cref="Guid.Empty"/>: none, or no id.</summary>
    public static Guid ToGuid(this UUID? id)
    {
        if (id is not { ValueCase: UUID.ValueOneofCase.Structured, Structured: { } halves }) return Guid.TryParse(id?.String, out var parsed) ? parsed : Guid.Empty;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, halves.MostSignificantBits);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], halves.LeastSignificantBits);
        return new(bytes, bigEndian: true);
    }

    public static StreamIdentifier Stream(string name) => new() { StreamName = ByteString.CopyFromUtf8(name) };
}
