using MessageBackbone.EventStoreStandIn.Storing;

namespace MessageBackbone.EventStoreStandIn.Serving;

/// <summary>Writes one append, unless its fate is another one.</summary>
internal sealed class Appending(StandIn node)
{
    public Decision Append(string stream, long expected, IReadOnlyList<NewRecord> events, string connection)
    {
        if (node.Faults.NotReady) return new Decision.NotReady();
        var (fate, played) = node.Faults.Take();
        try
        {
            return Play(fate, () => node.Store.Append(stream, expected, events), connection);
        }
        finally
        {
            played?.TrySetResult();
        }
    }

    private Decision Play(AppendFate fate, Func<Decision> write, string connection)
    {
        switch (fate)
        {
            case AppendFate.WrittenAndLost or AppendFate.WrittenInSilence or AppendFate.TimeoutAfterWriting:
                write();
                break;
            case AppendFate.TimeoutAndWrittenLater:
                node.Faults.Delay(() => write());
                break;
        }

        switch (fate)
        {
            case AppendFate.Answered:
                return write();
            case AppendFate.NotReady:
                return new Decision.NotReady();
            case AppendFate.Timeout or AppendFate.TimeoutAfterWriting or AppendFate.TimeoutAndWrittenLater:
                return new Decision.TimedOut();
            case AppendFate.WrittenAndLost or AppendFate.Lost:
                node.Drop(connection);
                break;
            case AppendFate.DiskFull:
                _ = node.StopAsync();
                break;
        }

        return new Decision.NoAnswer();
    }
}
