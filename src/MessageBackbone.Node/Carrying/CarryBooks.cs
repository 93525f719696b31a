using System.Collections.Concurrent;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Carrying;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Recording;

namespace MessageBackbone.Node.Carrying;

/// <summary>Each bureau's row of files, as the log has it. One file of a bureau is worked on at a time.</summary>
internal sealed class CarryBooks(IEventLog log, EventRecorder recorder)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);

    /// <summary>Holds the bureau's row until it is disposed. As many entries as bureaus that carry.</summary>
    public async Task<IDisposable> EnterAsync(string bureau, CancellationToken cancellationToken)
    {
        var turn = _turns.GetOrAdd(bureau, static _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(cancellationToken);
        return new Turn(turn);
    }

    public async Task<CarryBook> ReadAsync(string bureau, CancellationToken cancellationToken)
    {
        var book = CarryBook.Empty;
        await foreach (var recorded in log.ReadStreamAsync(StreamId.Carry(bureau), null, cancellationToken))
            book = CarryBook.Evolve(book, EventTypes.Parse(recorded.Type, recorded.Data));
        return book;
    }

    /// <summary>The book with what the command led to; the fact is on disk.</summary>
    /// <exception cref="RefusalException">Nothing was recorded.</exception>
    public async Task<CarryBook> RecordAsync(string bureau, CarryCommand command, string by)
    {
        // Not cancelled: what the command is about has happened.
        var outcome = await recorder.DecideAsync(
            StreamId.Carry(bureau), CarryBook.Empty, CarryBook.Evolve, book => CarryBook.Decide(book, command), new Provenance(by, bureau), CancellationToken.None);
        return outcome switch
        {
            Recording<CarryBook>.Recorded recorded => recorded.State,
            Recording<CarryBook>.Repeated repeated => repeated.State,
            Recording<CarryBook>.Refused refused => throw new RefusalException(refused.Rejection),
            _ => throw new System.Diagnostics.UnreachableException("A recording has three outcomes."),
        };
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
