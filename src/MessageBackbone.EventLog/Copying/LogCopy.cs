using System.Runtime.CompilerServices;

namespace MessageBackbone.EventLog.Copying;

/// <summary>Copies one log into another: every event with its id, bytes and time, in the order of the log and with the borders of its appends.</summary>
/// <remarks>
/// Resumable: what the target holds already must be the beginning of the source, and is compared with it; then the rest is appended. At the end both logs are
/// read again from their beginnings and compared event by event. Positions are not copied, they belong to one store; the order is the same.
/// Nobody else may append to either log meanwhile.
/// </remarks>
public sealed class LogCopy(IEventLog from, IEventLog to)
{
    /// <summary>Told after each step of so many events, and at the end of each stage.</summary>
    public const int StepEvents = 1_000;

    /// <summary>Copies what the target lacks, and compares.</summary>
    /// <exception cref="LogCopyException">The target holds what the source does not, or the two differ.</exception>
    /// <exception cref="EventLogUnavailableException">One of the two cannot serve; run it again.</exception>
    public async Task<LogCopied> RunAsync(Action<LogCopyProgress> told, CancellationToken cancellationToken)
    {
        await using var source = EventsOf(from, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var there = await CompareAsync(source, LogCopyStage.Resuming, told, cancellationToken);
        var copied = await AppendRestAsync(source, there, told, cancellationToken);
        await using var again = EventsOf(from, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var compared = await CompareAsync(again, LogCopyStage.Comparing, told, cancellationToken);
        if (await again.MoveNextAsync())
            throw new LogCopyException($"The source has gone on: event {again.Current.EventId} of {again.Current.Stream} came after it was copied. Stop its node, then run this again.");
        return new(from.Name, to.Name, there, copied, compared);
    }

    /// <summary>Compares all that the target holds with the beginning of the source, which is left at the last event compared.</summary>
    private async Task<long> CompareAsync(
        IAsyncEnumerator<RecordedEvent> source, LogCopyStage stage, Action<LogCopyProgress> told, CancellationToken cancellationToken)
    {
        var compared = 0L;
        await foreach (var target in EventsOf(to, cancellationToken))
        {
            if (!await source.MoveNextAsync())
                throw new LogCopyException($"The target holds event {target.EventId} of {target.Stream} at {target.Position}, which the source does not.");
            if (Difference(source.Current, target) is { } difference)
                throw new LogCopyException(
                    $"Event {compared + 1} differs in its {difference}: {source.Current.EventId} of {source.Current.Stream} in the source, "
                    + $"{target.EventId} of {target.Stream} in the target.");
            if (++compared % StepEvents == 0) told(new(stage, compared));
        }

        told(new(stage, compared));
        return compared;
    }

    private async Task<long> AppendRestAsync(
        IAsyncEnumerator<RecordedEvent> source, long there, Action<LogCopyProgress> told, CancellationToken cancellationToken)
    {
        var (append, copied) = (new List<RecordedEvent>(), 0L);
        while (await source.MoveNextAsync())
        {
            append.Add(source.Current);
            if (!source.Current.EndsAppend) continue;
            await AppendAsync(append, cancellationToken);
            if ((copied + append.Count) / StepEvents > copied / StepEvents) told(new(LogCopyStage.Copying, there + copied + append.Count));
            copied += append.Count;
            append.Clear();
        }

        told(new(LogCopyStage.Copying, there + copied));
        return copied;
    }

    private async Task AppendAsync(List<RecordedEvent> append, CancellationToken cancellationToken)
    {
        var first = append[0];
        var expected = first.Revision == StreamRevision.First ? ExpectedRevision.NoStream : ExpectedRevision.At(new(first.Revision.Value - 1));
        NewEvent[] events = [.. append.Select(e => new NewEvent(e.EventId, e.Type, e.Data, e.Metadata, e.RecordedAt))];
        if (await to.AppendAsync(first.Stream, expected, events, cancellationToken) is AppendOutcome.Conflict conflict)
            throw new LogCopyException(
                $"The target's stream {first.Stream} ends at {conflict.Actual?.ToString() ?? "nothing"} where revision {first.Revision} is to come: somebody else appends to it.");
    }

    private static async IAsyncEnumerable<RecordedEvent> EventsOf(IEventLog log, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in log.ReadAllAsync(LogPosition.Start, cancellationToken))
            foreach (var e in batch) yield return e;
    }

    private static string? Difference(RecordedEvent source, RecordedEvent target) =>
        source.EventId != target.EventId ? "id"
        : source.Stream != target.Stream ? "stream"
        : source.Revision != target.Revision ? "revision"
        : source.Type != target.Type ? "type"
        : source.RecordedAt != target.RecordedAt ? "time of recording"
        : source.EndsAppend != target.EndsAppend ? "place in its append"
        : !source.Metadata.Span.SequenceEqual(target.Metadata.Span) ? "metadata"
        : !source.Data.Span.SequenceEqual(target.Data.Span) ? "data"
        : null;
}

/// <summary>What a copy is at.</summary>
public enum LogCopyStage
{
    /// <summary>Comparing what the target holds from before.</summary>
    Resuming,

    /// <summary>Appending what it lacks.</summary>
    Copying,

    /// <summary>Comparing everything.</summary>
    Comparing,
}

/// <summary>How far a copy is.</summary>
/// <param name="Events">Events from the beginning of the log that the stage is through with.</param>
public sealed record LogCopyProgress(LogCopyStage Stage, long Events);

/// <summary>What a copy came to.</summary>
/// <param name="From">The source's name.</param>
/// <param name="To">The target's name.</param>
/// <param name="There">Events that the target held from before.</param>
/// <param name="Copied">Events that were appended.</param>
/// <param name="Compared">Events of both logs that were compared at the end and are equal: all of them.</param>
public sealed record LogCopied(string From, string To, long There, long Copied, long Compared);

/// <summary>The two logs cannot be one another's copy; the message names the first event that says so.</summary>
public sealed class LogCopyException(string message) : Exception(message);
