using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Projecting;

/// <summary>What a rebuild read.</summary>
internal sealed record Rebuilt(long Events, LogPosition Position);

/// <summary>Follows the log for one read model: rows and checkpoint in one transaction a batch. A fault of the log or the disk is waited out; a log that does
/// not hold the checkpoint's event, or an event that cannot be read, stops it until a rebuild.</summary>
internal sealed class ProjectionFollower : IFollower, IAsyncDisposable
{
    private const string Damaged = "its file is damaged; rebuild it";

    private readonly Projection _projection;
    private readonly IEventLog _log;
    private readonly ProjectingOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Progress _progress;
    private readonly HashSet<string> _unknown = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private CancellationTokenSource? _stop;
    private Task _run = Task.CompletedTask;
    private string _state = "not started";

    public ProjectionFollower(Projection projection, IEventLog log, ProjectingOptions options, TimeProvider clock, ILogger logger)
    {
        (_projection, _log, _options, _clock, _logger) = (projection, log, options, clock, logger);
        _progress = new(projection.Name);
        File = new(Path.Combine(options.Folder, $"{projection.Name}.db"));
    }

    public string Name => _projection.Name;

    public LogPosition Position => _progress.Position;

    public string State => File.IsDamaged ? Damaged : Volatile.Read(ref _state);

    /// <summary>The rows, for queries.</summary>
    public ReadModelFile File { get; }

    /// <summary>Returns once every event up to <paramref name="position"/> is in the rows.</summary>
    /// <exception cref="FollowerStoppedException">The follower stopped before.</exception>
    public Task WaitForAsync(LogPosition position, CancellationToken cancellationToken) => _progress.WaitForAsync(position, cancellationToken);

    /// <summary>Returns once everything that the log holds now is in the rows.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken) => await WaitForAsync(await _log.EndAsync(cancellationToken), cancellationToken);

    /// <summary>Opens the file and begins to follow; a file of another version is thrown away first.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            if (IsOutdated() is { } reason) await StartAnewAsync(reason, cancellationToken);
            Run();
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Throws the rows away, follows from the start, and returns when what the log held at the call is in the rows again.</summary>
    /// <exception cref="FollowerStoppedException">It could not be built; the rest of the node goes on.</exception>
    public async Task<Rebuilt> RebuildAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        LogPosition end;
        try
        {
            end = await _log.EndAsync(cancellationToken);
            await StopRunAsync();
            await StartAnewAsync("asked for", cancellationToken);
            Run();
        }
        finally
        {
            _oneAtATime.Release();
        }

        await WaitForAsync(end, cancellationToken);
        var checkpoint = await File.ReadAsync(Checkpoint.Read, cancellationToken);
        return new(checkpoint.Events, checkpoint.Position);
    }

    public async ValueTask DisposeAsync()
    {
        await StopRunAsync();
        _progress.Stop("the node is closing");
        File.Dispose();
        _oneAtATime.Dispose();
    }

    private string? IsOutdated()
    {
        try
        {
            using var session = File.OpenWriter();
            return Checkpoint.Version(session) switch
            {
                null => "it is new",
                var version when version != _projection.Version => "its rows are of another version",
                _ => null,
            };
        }
        catch (ReadModelFault fault) when (fault.IsDamage)
        {
            return "its file is damaged";
        }
    }

    private async Task StartAnewAsync(string reason, CancellationToken cancellationToken)
    {
        ProjectingLog.Rebuilding(_logger, Name, reason);
        _progress.Reset();
        await File.ReplaceAsync(
            () =>
            {
                using var session = File.OpenWriter();
                Checkpoint.Create(session, _projection.Schema, _projection.Version);
            },
            cancellationToken);
    }

    private void Run()
    {
        _stop = new();
        var token = _stop.Token;
        _run = Task.Run(() => RunAsync(token), CancellationToken.None);
    }

    private async Task StopRunAsync()
    {
        if (_stop is null) return;
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
        _stop = null;
    }

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                try
                {
                    await FollowAsync(stop);
                }
                catch (Exception fault) when (fault is EventLogUnavailableException or ReadModelFault { IsDamage: false })
                {
                    stop.ThrowIfCancellationRequested();
                    Volatile.Write(ref _state, $"waiting: {fault.Message}");
                    ProjectingLog.Waiting(_logger, fault, Name, Position);
                }

                await Task.Delay(_options.RetryAfter, _clock, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Volatile.Write(ref _state, "stopped");
        }
        catch (LogIsOlderException older)
        {
            Halt(null, older.Message);
        }
        catch (Exception fault)
        {
            Halt(fault, fault is ReadModelFault ? Damaged : $"the event after position {Position} could not be read");
        }
    }

    private void Halt(Exception? fault, string state)
    {
        ProjectingLog.Stopped(_logger, fault, Name, Position, state);
        Volatile.Write(ref _state, state);
        _progress.Stop(state);
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        using var session = File.OpenWriter();
        var checkpoint = Checkpoint.Read(session);
        await VerifyAsync(checkpoint, stop);
        var writer = _projection.Open(session);
        Volatile.Write(ref _state, FollowerState.Running);
        _progress.Move(checkpoint.Position);
        ProjectingLog.Following(_logger, Name, checkpoint.Position);
        await foreach (var batch in CatchingUp.BatchesAsync(_log, checkpoint.Position, stop))
        {
            checkpoint = Commit(session, writer, batch, checkpoint);
            _progress.Move(checkpoint.Position);
        }
    }

    private async Task VerifyAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        if (checkpoint.Position == LogPosition.Start) return;
        var last = await _log.ReadAtAsync(checkpoint.Position, cancellationToken);
        if (last?.EventId != checkpoint.EventId) throw new LogIsOlderException(checkpoint.Position);
    }

    private Checkpoint Commit(ReadModelSession session, IRowWriter writer, IReadOnlyList<RecordedEvent> batch, Checkpoint before)
    {
        session.Execute("BEGIN IMMEDIATE");
        foreach (var recorded in batch)
        {
            if (!EventTypes.IsKnown(recorded.Type) && _unknown.Count < 100 && _unknown.Add(recorded.Type))
                ProjectingLog.UnknownType(_logger, Name, recorded.Type);
            writer.Apply(recorded);
        }

        writer.Flush();
        var after = new Checkpoint(batch[^1].Position, batch[^1].EventId, before.Events + batch.Count);
        after.Write(session);
        session.Execute("COMMIT");
        return after;
    }

    /// <summary>The log does not hold the checkpoint's event: it was restored from a copy, or is another log.</summary>
    private sealed class LogIsOlderException(LogPosition position)
        : Exception($"the log is older than this read model, which has an event at position {position} that the log lacks; rebuild it if that log is right");
}

/// <summary>Words that <see cref="IFollower.State"/> uses.</summary>
internal static class FollowerState
{
    public const string Running = "running";
}
