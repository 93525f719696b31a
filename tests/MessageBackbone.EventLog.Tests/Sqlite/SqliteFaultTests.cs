using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.EventLog.Tests.Contract;
using SQLitePCL;
using static MessageBackbone.EventLog.ExpectedRevision;

namespace MessageBackbone.EventLog.Tests.Sqlite;

/// <summary>A commit fails before it is persisted, fails after it was, or is cancelled; and the disk fills.</summary>
public sealed class SqliteFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteFaultPoints _faults = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_full_disk_fails_the_append_whole_and_the_writer_goes_on_once_there_is_room()
    {
        _faults.MaxPages = 60;
        await using var log = await _folder.OpenLogAsync(_faults);
        var kept = new List<Guid>();
        NewEvent[] refused;
        while (true)
        {
            NewEvent[] events = [Sample.Event(20_000), Sample.Event(20_000)];
            try
            {
                Assert.IsType<AppendOutcome.Appended>(await log.AppendAsync(Sample.Stream(), NoStream, events, Cancel));
                kept.AddRange(events.Select(e => e.EventId));
            }
            catch (EventLogUnavailableException full)
            {
                Assert.Equal(raw.SQLITE_FULL, Assert.IsType<SqliteFault>(full.InnerException).Code);
                refused = events;
                break;
            }
        }

        Assert.NotEmpty(kept);
        Assert.Equal(kept, await Ids(log));
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.AppendAsync(Sample.Stream(), NoStream, refused, Cancel));
        _faults.MaxPages = null;

        Assert.IsType<AppendOutcome.Appended>(await log.AppendAsync(Sample.Stream(), NoStream, refused, Cancel));
        Assert.Equal([.. kept, .. refused.Select(e => e.EventId)], await Ids(log));
    }

    [Fact]
    public async Task A_commit_that_failed_and_was_not_persisted_leaves_nothing_and_a_repeat_appends()
    {
        await using var log = await _folder.OpenLogAsync(_faults);
        var (stream, e) = (Sample.Stream(), Sample.Event());
        _faults.BeforeCommit = Once(() => _faults.BeforeCommit = static () => { });

        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.AppendAsync(stream, NoStream, [e], Cancel));
        Assert.Empty(await Ids(log));

        Assert.IsType<AppendOutcome.Appended>(await log.AppendAsync(stream, NoStream, [e], Cancel));
        Assert.Equal([e.EventId], await Ids(log));
    }

    [Fact]
    public async Task A_commit_that_failed_but_was_persisted_is_found_by_a_repeat_and_seen_by_subscribers()
    {
        await using var log = await _folder.OpenLogAsync(_faults);
        var (stream, e, next) = (Sample.Stream(), Sample.Event(), Sample.Event());
        await using var subscriber = log.SubscribeAllAsync(default, Cancel).GetAsyncEnumerator(Cancel);
        var first = subscriber.MoveNextAsync();
        _faults.AfterCommit = Once(() => _faults.AfterCommit = static () => { });

        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.AppendAsync(stream, NoStream, [e], Cancel));

        var repeat = Assert.IsType<AppendOutcome.Appended>(await log.AppendAsync(stream, NoStream, [e], Cancel));
        Assert.Equal(StreamRevision.First, repeat.Revision);
        Assert.True(await first);
        Assert.Equal((e.EventId, repeat.Position), (subscriber.Current[0].EventId, subscriber.Current[0].Position));
        Assert.IsType<AppendOutcome.Appended>(await log.AppendAsync(stream, Sample.At(0), [next], Cancel));
        Assert.Equal([e.EventId, next.EventId], await Ids(log));
    }

    [Fact]
    public async Task A_file_that_vanished_is_a_fault_and_never_a_new_and_empty_log()
    {
        await using var log = await _folder.OpenLogAsync(_faults);
        _faults.BeforeCommit = Once(() => File.Delete(_folder.Database));
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel));
        _faults.BeforeCommit = static () => { };

        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel));
        Assert.False(File.Exists(_folder.Database));
    }

    [Fact]
    public async Task A_group_shares_one_commit_and_fails_or_succeeds_for_each_caller_by_itself()
    {
        await using var log = await _folder.OpenLogAsync(_faults);
        var (taken, known, commits) = (Sample.Stream(), Sample.Event(), 0);
        var before = await log.AppendAsync(taken, NoStream, [known], Cancel);
        using var writer = new HeldWriter(_faults, () => commits++);
        var holding = log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel);
        await writer.Held;

        var good = log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel);
        var conflict = log.AppendAsync(taken, NoStream, [Sample.Event()], Cancel);
        var repeat = log.AppendAsync(taken, NoStream, [known], Cancel);
        var after = log.AppendAsync(taken, Sample.At(0), [Sample.Event()], Cancel);
        var outdated = log.AppendAsync(taken, Sample.At(0), [Sample.Event()], Cancel);
        writer.Release();

        Assert.IsType<AppendOutcome.Appended>(await holding);
        Assert.IsType<AppendOutcome.Appended>(await good);
        Assert.Equal(new AppendOutcome.Conflict(new(0)), await conflict);
        Assert.Equal(before, await repeat);
        Assert.Equal(1UL, Assert.IsType<AppendOutcome.Appended>(await after).Revision.Value);
        Assert.Equal(new AppendOutcome.Conflict(new(1)), await outdated);
        Assert.Equal(2, commits);
    }

    [Fact]
    public async Task A_failed_group_fails_every_caller_in_it_and_persists_none()
    {
        await using var log = await _folder.OpenLogAsync(_faults);
        using var writer = new HeldWriter(_faults, static () => { });
        var holding = log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel);
        await writer.Held;
        var group = Enumerable.Range(0, 20).Select(_ => log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel).AsTask()).ToArray();
        _faults.BeforeCommit = Once(() => _faults.BeforeCommit = static () => { });
        writer.Release();

        await holding;
        foreach (var append in group) await Assert.ThrowsAsync<EventLogUnavailableException>(() => append);
        Assert.Single(await Ids(log));
        Assert.IsType<AppendOutcome.Appended>(await log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel));
    }

    [Fact]
    public async Task Cancelling_counts_until_the_append_is_queued_and_not_after()
    {
        await using var log = await _folder.OpenLogAsync(_faults, o => o.QueuedAppends = 1);
        var (queued, waiting) = (Sample.Event(), Sample.Event());
        using var writer = new HeldWriter(_faults, static () => { });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var holding = log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel);
        await writer.Held;
        var inQueue = log.AppendAsync(Sample.Stream(), NoStream, [queued], stop.Token).AsTask();
        var forPlace = log.AppendAsync(Sample.Stream(), NoStream, [waiting], stop.Token).AsTask();

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => forPlace);
        Assert.False(inQueue.IsCompleted);
        writer.Release();

        Assert.IsType<AppendOutcome.Appended>(await holding);
        Assert.IsType<AppendOutcome.Appended>(await inQueue);
        Assert.Contains(queued.EventId, await Ids(log));
        Assert.DoesNotContain(waiting.EventId, await Ids(log));
    }

    [Fact]
    public async Task Closing_writes_what_is_queued_and_refuses_who_still_waits_for_a_place()
    {
        var log = await _folder.OpenLogAsync(_faults, o => o.QueuedAppends = 1);
        var queued = Sample.Event();
        using var writer = new HeldWriter(_faults, static () => { });
        var holding = log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel);
        await writer.Held;
        var inQueue = log.AppendAsync(Sample.Stream(), NoStream, [queued], Cancel).AsTask();
        var forPlace = log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel).AsTask();

        var closing = log.DisposeAsync();
        writer.Release();
        await closing;

        Assert.IsType<AppendOutcome.Appended>(await holding);
        Assert.IsType<AppendOutcome.Appended>(await inQueue);
        await Assert.ThrowsAsync<EventLogUnavailableException>(() => forPlace);
        await using var again = await _folder.OpenLogAsync();
        Assert.Equal(2, (await Ids(again)).Count);
    }

    private static Action Once(Action disarm) => () =>
    {
        disarm();
        throw new SqliteFault(raw.SQLITE_IOERR, "disk I/O error");
    };

    internal static async Task<List<Guid>> Ids(SqliteEventLog log)
    {
        var ids = new List<Guid>();
        await foreach (var batch in log.ReadAllAsync(default, Cancel)) ids.AddRange(batch.Select(e => e.EventId));
        return ids;
    }

    /// <summary>Holds the writer inside its next commit, so that a test can queue a group behind it.</summary>
    private sealed class HeldWriter : IDisposable
    {
        private readonly ManualResetEventSlim _released = new();
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public HeldWriter(SqliteFaultPoints faults, Action onCommit) => faults.BeforeCommit = () =>
        {
            onCommit();
            _held.TrySetResult();
            _released.Wait(Cancel);
        };

        public Task Held => _held.Task;

        public void Release() => _released.Set();

        public void Dispose()
        {
            _released.Set();
            _released.Dispose();
        }
    }
}
