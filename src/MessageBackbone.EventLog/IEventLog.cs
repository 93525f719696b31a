namespace MessageBackbone.EventLog;

/// <summary>An append-only log: one sequence of revisions per stream, one total order (<see cref="LogPosition"/>) over all streams.</summary>
/// <remarks>
/// <para><b>Durability.</b> When <see cref="AppendAsync"/> returns <see cref="AppendOutcome.Appended"/>, the events are on disk and survive the loss
/// of the process or of the machine. Events are never changed, deleted, truncated or aged.</para>
/// <para><b>Order.</b> No read and no subscription ever passes over a position that an append in flight can still fill: what was once read
/// as "the events up to P" stays exactly that. Positions grow and may have gaps; they belong to the store that <see cref="Name"/> names.</para>
/// <para><b>Read your writes.</b> Once an append has returned, every read that starts afterwards sees its events.</para>
/// <para><b>Concurrency.</b> Every member may be called from any number of callers at once. One returned sequence is for one caller.</para>
/// <para><b>Retries.</b> Implementations never retry. The caller owns the deadline and repeats with the same event ids, which is always safe.</para>
/// <para><b>Faults.</b> An engine that cannot serve (full disk, I/O error, lost connection, disposed) throws
/// <see cref="EventLogUnavailableException"/>; a call that no engine could serve throws <see cref="ArgumentException"/>.</para>
/// </remarks>
public interface IEventLog : IAsyncDisposable
{
    /// <summary>The identity of this store, e.g. <c>log-3f2a9c0d5e7b1846</c>: random, made once, kept in the store, the same after every restart.
    /// Acceptance receipts name it beside the position. Two stores never share a name, so a position is never mistaken for another store's.</summary>
    string Name { get; }

    /// <summary>The engine in a word for operators, e.g. <c>sqlite</c>. Nothing may depend on it.</summary>
    string Kind { get; }

    /// <summary>Appends all of <paramref name="events"/> to <paramref name="stream"/>, next to each other and in this order, or none of them.</summary>
    /// <returns>
    /// <see cref="AppendOutcome.Appended"/>: the events are durable, now or since an earlier call. An earlier call counts when it appended
    /// exactly these event ids, in this order, in one append, to this stream, at the place that <paramref name="expected"/> names
    /// (<see cref="ExpectedRevision.Any"/> names every place); the first outcome is returned, and the bytes are not compared.
    /// <see cref="AppendOutcome.Conflict"/>: nothing was appended, because the stream is not at <paramref name="expected"/> or because one of
    /// the ids is already in the log in any other way (another stream, another place, part of a smaller or larger append).
    /// </returns>
    /// <param name="stream">The stream; it comes into being with its first event.</param>
    /// <param name="expected">Where the caller believes the stream ends.</param>
    /// <param name="events">1 to <see cref="AppendLimits.MaxEvents"/> events with different ids, each within <see cref="AppendLimits"/>. Their memory
    /// must not change until the call has returned.</param>
    /// <param name="cancellationToken">Counts only until the append is queued: <see cref="OperationCanceledException"/> means that nothing was or will
    /// be appended. From then on the outcome is awaited whatever the token says.</param>
    /// <exception cref="ArgumentException">No event, an id twice in the call, an empty id or type, or a limit exceeded. Nothing was appended.</exception>
    /// <exception cref="EventLogUnavailableException">As far as is known nothing was appended. In rare faults (the answer to a commit was lost) it was:
    /// a repeat with the same ids finds out, and returns the first outcome.</exception>
    ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken);

    /// <summary>The events of one stream after revision <paramref name="after"/> (null: from the first), in order, to its end at or after the
    /// time of the call. A stream that does not exist is empty. Cancellation ends the sequence with <see cref="OperationCanceledException"/>.</summary>
    IAsyncEnumerable<RecordedEvent> ReadStreamAsync(StreamId stream, StreamRevision? after, CancellationToken cancellationToken);

    /// <summary>Every event after <paramref name="after"/> in order of position, up to the end of the log at the time of the call, in batches
    /// that are never empty and whose size the adapter bounds. A slow reader holds no resource of the store between two batches.</summary>
    IAsyncEnumerable<IReadOnlyList<RecordedEvent>> ReadAllAsync(LogPosition after, CancellationToken cancellationToken);

    /// <summary>Every event after <paramref name="after"/> in order of position, first those recorded, then those to come as they are committed,
    /// without a gap and without a repeat where the two meet.</summary>
    /// <remarks>Never ends by itself: it ends with <see cref="OperationCanceledException"/> when cancelled and with
    /// <see cref="EventLogUnavailableException"/> on a fault or when the log is disposed; the follower then subscribes again after its last event.
    /// It is woken by commits, not by a clock. Memory is bounded by one batch: a slow subscriber reads from disk and slows nobody.</remarks>
    IAsyncEnumerable<IReadOnlyList<RecordedEvent>> SubscribeAllAsync(LogPosition after, CancellationToken cancellationToken);

    /// <summary>The position of the last event; <see cref="LogPosition.Start"/> when the log is empty.</summary>
    ValueTask<LogPosition> EndAsync(CancellationToken cancellationToken);

    /// <summary>The event at exactly <paramref name="position"/>, or null. A follower compares its event id with the one in its checkpoint: another
    /// id or none means that this log is not the one it followed.</summary>
    ValueTask<RecordedEvent?> ReadAtAsync(LogPosition position, CancellationToken cancellationToken);
}
