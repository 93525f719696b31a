namespace MessageBackbone.EventStoreStandIn;

/// <summary>What a test has a node do to its callers. Nothing of it, at the start.</summary>
public sealed class StandInFaults
{
    private readonly Lock _gate = new();
    private readonly Queue<(AppendFate Fate, TaskCompletionSource Played)> _next = [];
    private readonly Queue<Action> _delayed = [];

    /// <summary>Every call is told that the server is not ready.</summary>
    public bool NotReady { get; set; }

    /// <summary>Every call is heard and never answered.</summary>
    public bool Silent { get; set; }

    /// <summary>Appends are refused as by a node that only keeps a copy and knows no leader.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>The next append that none of these was said of meets this fate.</summary>
    /// <returns>Completes when it has.</returns>
    public Task NextAppend(AppendFate fate)
    {
        var played = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate) _next.Enqueue((fate, played));
        return played.Task;
    }

    /// <summary>Writes what <see cref="AppendFate.TimeoutAndWrittenLater"/> kept, in its order.</summary>
    public void WriteDelayed()
    {
        while (true)
        {
            Action write;
            lock (_gate)
            {
                if (!_delayed.TryDequeue(out write!)) return;
            }

            write();
        }
    }

    internal (AppendFate Fate, TaskCompletionSource? Played) Take()
    {
        lock (_gate) return _next.TryDequeue(out var next) ? next : (AppendFate.Answered, null);
    }

    internal void Delay(Action write)
    {
        lock (_gate) _delayed.Enqueue(write);
    }
}

/// <summary>What happens to one append.</summary>
public enum AppendFate
{
    /// <summary>As it should be.</summary>
    Answered,

    /// <summary>It is written; the connection ends before the answer.</summary>
    WrittenAndLost,

    /// <summary>The connection ends; it is not written.</summary>
    Lost,

    /// <summary>It is written, and the answer is that time is over.</summary>
    TimeoutAfterWriting,

    /// <summary>The answer is that time is over; it is not written.</summary>
    Timeout,

    /// <summary>The answer is that time is over; it is written when the test says so, if its expectation still holds.</summary>
    TimeoutAndWrittenLater,

    /// <summary>It is written; no answer comes.</summary>
    WrittenInSilence,

    /// <summary>It is not written; no answer comes.</summary>
    Silence,

    /// <summary>The answer is that the server is not ready.</summary>
    NotReady,

    /// <summary>The disk is full: the server ends itself.</summary>
    DiskFull,
}
