using System.Threading.Channels;

namespace MessageBackbone.Node.Routing;

/// <summary>The plan's one writer: callers queue their changes, and what is queued together is committed together.</summary>
internal sealed class PlanWriter : IAsyncDisposable
{
    private const int GroupSize = 256;
    private readonly Channel<Change> _changes = Channel.CreateBounded<Change>(new BoundedChannelOptions(4_096) { SingleReader = true });
    private readonly PlanSession _session;
    private readonly Task _loop;

    public PlanWriter(PlanSession session)
    {
        _session = session;
        _loop = Task.Run(WriteAllAsync);
    }

    /// <summary>Runs <paramref name="work"/> inside a transaction and returns when it is committed. A change that fails is rolled back alone.</summary>
    public async Task<T> WriteAsync<T>(Func<PlanSession, T> work, CancellationToken cancellationToken)
    {
        var change = new Change<T>(work);
        await _changes.Writer.WriteAsync(change, cancellationToken);
        return await change.Committed;
    }

    public async ValueTask DisposeAsync()
    {
        _changes.Writer.TryComplete();
        await _loop;
        _session.Dispose();
    }

    private async Task WriteAllAsync()
    {
        var group = new List<Change>(GroupSize);
        while (await _changes.Reader.WaitToReadAsync())
        {
            while (group.Count < GroupSize && _changes.Reader.TryRead(out var change)) group.Add(change);
            if (TryCommit(group) is not null)
                foreach (var change in group)
                    if (TryCommit([change]) is { } fault)
                        change.Fail(fault);
            group.Clear();
        }
    }

    private Exception? TryCommit(List<Change> group)
    {
        try
        {
            _session.Run("begin immediate");
            foreach (var change in group) change.Run(_session);
            _session.Run("commit");
        }
        catch (Exception fault)
        {
            // Whatever a change throws is its caller's; the loop must outlive it, and the next group must not find a transaction open.
            RollBack();
            return fault;
        }
        foreach (var change in group) change.Succeed();
        return null;
    }

    private void RollBack()
    {
        try
        {
            _session.Run("rollback");
        }
        catch (Microsoft.Data.Sqlite.SqliteException noTransaction) when (noTransaction.SqliteErrorCode == SQLitePCL.raw.SQLITE_ERROR)
        {
            // SQLite rolled back by itself, or "begin" was what failed: there is nothing to roll back.
            return;
        }
    }

    private abstract class Change
    {
        public abstract void Run(PlanSession session);

        public abstract void Succeed();

        public abstract void Fail(Exception fault);
    }

    private sealed class Change<T>(Func<PlanSession, T> work) : Change
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;

        public Task<T> Committed => _done.Task;

        public override void Run(PlanSession session) => _result = work(session);

        public override void Succeed() => _done.TrySetResult(_result);

        public override void Fail(Exception fault) => _done.TrySetException(fault);
    }
}
