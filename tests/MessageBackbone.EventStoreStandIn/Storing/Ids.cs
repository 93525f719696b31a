using System.Buffers.Binary;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventStoreStandIn.Storing;

/// <summary>Identifiers as the protocol writes them: 16 bytes in network order, as two halves.</summary>
internal static class Ids
{
    public static UUID Write(Guid id)
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

    /// <summary><see cref="Guid.Empty"/>: none, or no id.</summary>
    public static Guid Read(UUID? id)
    {
        if (id is not { ValueCase: UUID.ValueOneofCase.Structured, Structured: { } halves }) return Guid.TryParse(id?.String, out var parsed) ? parsed : Guid.Empty;
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, halves.MostSignificantBits);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], halves.LeastSignificantBits);
        return new(bytes, bigEndian: true);
    }
}

internal static class StreamNamesOfTheServer
{
    private const string Metastream = "$$";

    public static string MetastreamOf(string stream) => Metastream + stream;

    /// <summary>The stream that a metastream speaks of; null when it is none.</summary>
    public static string? Described(string name) => name.StartsWith(Metastream, StringComparison.Ordinal) ? name[Metastream.Length..] : null;
}
