namespace MessageBackbone.EventLog;

/// <summary>An event to be appended. Everything in it is set before the append, because it is hashed as a leaf of the ledger as it stands.</summary>
/// <param name="EventId">New for every decision, never derived from a message id; not <see cref="Guid.Empty"/>. It is what makes a repeat of an append
/// safe. Version 7 (<see cref="Guid.CreateVersion7(DateTimeOffset)"/>) keeps the store's index compact; any version is correct.</param>
/// <param name="Type">The stored name with its version, e.g. <c>message.accepted.v1</c>: 1 to 200 visible ASCII characters.</param>
/// <param name="Data">The event's bytes, opaque to the log. May be empty.</param>
/// <param name="Metadata">Bytes about the event, opaque to the log. May be empty.</param>
/// <param name="RecordedAt">Set by the caller before the append. The instant is kept exactly, to the tick of 100 ns; the offset is not: it is
/// read back in UTC.</param>
/// <remarks>Equality compares the memory regions, not the bytes in them.</remarks>
public sealed record NewEvent(
    Guid EventId, string Type, ReadOnlyMemory<byte> Data, ReadOnlyMemory<byte> Metadata, DateTimeOffset RecordedAt);

/// <summary>An event as it was appended. The memory belongs to the receiver and is never reused by the log.</summary>
/// <param name="Position">Its place among all events of the store.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Revision">Its place in the stream.</param>
/// <param name="EventId">As appended.</param>
/// <param name="Type">As appended.</param>
/// <param name="Data">As appended, byte for byte.</param>
/// <param name="Metadata">As appended, byte for byte.</param>
/// <param name="RecordedAt">The same instant as appended, in UTC.</param>
/// <remarks>Equality compares the memory regions, not the bytes in them.</remarks>
public sealed record RecordedEvent(
    LogPosition Position,
    StreamId Stream,
    StreamRevision Revision,
    Guid EventId,
    string Type,
    ReadOnlyMemory<byte> Data,
    ReadOnlyMemory<byte> Metadata,
    DateTimeOffset RecordedAt)
{
    /// <summary>Whether it is the last event of its append. A copy of the log that kept no borders would answer repeats of appends in another way.</summary>
    public bool EndsAppend { get; init; } = true;
}

/// <summary>What an append came to. A closed set.</summary>
public abstract record AppendOutcome
{
    private AppendOutcome()
    {
    }

    /// <summary>All events are durable: since this call, or since the earlier one that it repeats.</summary>
    /// <param name="Revision">The revision of the last event of the append; those before it have the revisions just below.</param>
    /// <param name="Position">The position of the last event of the append; those before it have lower positions, with no event of another append
    /// between them, but not necessarily without gaps: read them back where they matter.</param>
    public sealed record Appended(StreamRevision Revision, LogPosition Position) : AppendOutcome;

    /// <summary>Nothing was appended. The caller reads the stream again and decides again.</summary>
    /// <param name="Actual">The revision of the stream's last event when the append was refused; null: the stream does not exist. It can equal the
    /// expected one, when the reason is an event id that is in the log already.</param>
    public sealed record Conflict(StreamRevision? Actual) : AppendOutcome;
}
