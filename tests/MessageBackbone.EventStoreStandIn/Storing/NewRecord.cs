using Google.Protobuf;

namespace MessageBackbone.EventStoreStandIn.Storing;

/// <summary>An event that somebody proposes.</summary>
internal sealed record NewRecord(Guid Id, string Type, string ContentType, ByteString Data, ByteString Metadata)
{
    /// <summary>What counts against the largest append.</summary>
    public int Size => Data.Length + Metadata.Length + (2 * Type.Length);
}

/// <summary>What an append expects of its stream: the revision of its last event, or one of these.</summary>
internal static class Expecting
{
    public const long NoStream = -1, Any = -2, StreamExists = -4;

    /// <summary>2^64 − 1 means "no stream" where a number is sent; null: no revision can be so large.</summary>
    public static long? Revision(ulong sent) => sent == ulong.MaxValue ? NoStream : sent <= long.MaxValue ? (long)sent : null;
}

/// <summary>What an append comes to. A closed set.</summary>
internal abstract record Decision
{
    private Decision()
    {
    }

    /// <param name="Revision">The last event's; null for an append without events to a stream that is not there.</param>
    /// <param name="Position">Null for a repeat whose last event is not shown any more.</param>
    public sealed record Written(long? Revision, ulong? Position) : Decision;

    /// <param name="Current">Null: there is no such stream.</param>
    public sealed record Wrong(ulong? Current) : Decision;

    public sealed record Deleted(string Stream) : Decision;

    /// <summary>It was or was not written, or will be.</summary>
    public sealed record TimedOut : Decision;

    public sealed record NotReady : Decision;

    /// <summary>The caller hears nothing any more.</summary>
    public sealed record NoAnswer : Decision;
}
