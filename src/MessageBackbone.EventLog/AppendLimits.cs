using System.Buffers;

namespace MessageBackbone.EventLog;

/// <summary>What every adapter refuses before it queues an append, so that engines cannot differ in it.</summary>
public static class AppendLimits
{
    /// <summary>The most bytes of data and metadata of one event together: 1 MiB.</summary>
    public const int MaxEventBytes = 1 << 20;

    /// <summary>The most events in one append.</summary>
    public const int MaxEvents = 1_024;

    /// <summary>The most bytes of data and metadata of one append together: 8 MiB.</summary>
    public const int MaxAppendBytes = 8 << 20;

    /// <summary>The longest event type, in characters.</summary>
    public const int MaxTypeLength = 200;

    private static readonly SearchValues<char> VisibleAscii = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c)]);

    /// <summary>Checks one append as <see cref="IEventLog.AppendAsync"/> promises and returns its size in bytes.</summary>
    /// <exception cref="ArgumentException">The append breaks a limit; the message says which.</exception>
    public static int Check(StreamId stream, IReadOnlyList<NewEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (stream == default) throw new ArgumentException("The stream id was never given a name.", nameof(stream));
        if (events.Count is 0 or > MaxEvents) throw new ArgumentException($"An append has 1 to {MaxEvents} events, not {events.Count}.", nameof(events));

        var bytes = 0L;
        foreach (var e in events) bytes += Check(e);
        if (bytes > MaxAppendBytes) throw new ArgumentException($"An append has at most {MaxAppendBytes} bytes, not {bytes}.", nameof(events));
        if (events.Count > 1 && events.DistinctBy(e => e.EventId).Count() != events.Count)
            throw new ArgumentException("An event id occurs twice in one append.", nameof(events));
        return (int)bytes;
    }

    private static int Check(NewEvent e)
    {
        if (e.EventId == Guid.Empty) throw new ArgumentException("An event id is empty.", nameof(e));
        if (e.Type is not { Length: > 0 and <= MaxTypeLength } || e.Type.AsSpan().ContainsAnyExcept(VisibleAscii))
            throw new ArgumentException($"An event type is 1 to {MaxTypeLength} visible ASCII characters.", nameof(e));
        var bytes = (long)e.Data.Length + e.Metadata.Length;
        if (bytes > MaxEventBytes) throw new ArgumentException($"An event has at most {MaxEventBytes} bytes of data and metadata, not {bytes}.", nameof(e));
        return (int)bytes;
    }
}
