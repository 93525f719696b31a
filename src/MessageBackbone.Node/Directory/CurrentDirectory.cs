using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.EventLog;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Directory;

/// <summary>
/// The directory as of now, held in memory by following the log. At start only its own streams are read, so the start does not grow with the number of messages;
/// from there on it follows every commit.
/// </summary>
public sealed class CurrentDirectory(
    IEventLog log, DirectoryState founded, TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<CurrentDirectory> logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<ulong> _readAtStart = [];
    private readonly Lock _waiting = new();
    private DirectoryVersion _version = new(founded, revision: null, []);
    private TaskCompletionSource? _moved;
    private ulong _followed;
    private Task _following = Task.CompletedTask;

    public DirectoryState State => Version.State;

    public DirectoryVersion Version => Volatile.Read(ref _version);

    /// <summary>Returns when everything that is in the log now is in <see cref="State"/>; then follows until disposed.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var end = await log.EndAsync(cancellationToken);
        await ReadStreamAsync(StreamId.Directory, end, cancellationToken);
        foreach (var code in State.Bureaus.Keys)
        {
            await ReadStreamAsync(StreamId.Bureau(code), end, cancellationToken);
        }

        Volatile.Write(ref _followed, end.Value);
        _following = Task.Run(() => FollowAsync(end, _stop.Token), CancellationToken.None);
        DirectoryLog.Started(logger, State.Bureaus.Count, State.Certificates.Count, end.Value);
    }

    /// <summary>Returns when <see cref="State"/> holds every event up to <paramref name="position"/>.</summary>
    public async Task WaitForAsync(LogPosition position, CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _followed) < position.Value)
        {
            await Moved(position).WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        _stop.Dispose();
    }

    private Task Moved(LogPosition position)
    {
        lock (_waiting)
        {
            if (_followed >= position.Value)
            {
                return Task.CompletedTask;
            }

            _moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _moved.Task;
        }
    }

    private void MoveTo(ulong position)
    {
        lock (_waiting)
        {
            Volatile.Write(ref _followed, position);
            _moved?.SetResult();
            _moved = null;
        }
    }

    private async Task ReadStreamAsync(StreamId stream, LogPosition end, CancellationToken cancellationToken)
    {
        await foreach (var recorded in log.ReadStreamAsync(stream, null, cancellationToken))
        {
            Apply(recorded);
            if (recorded.Position > end)
            {
                _readAtStart.Add(recorded.Position.Value); // appended while the streams were read: it must not be folded twice
            }
        }
    }

    private async Task FollowAsync(LogPosition after, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var batch in log.SubscribeAllAsync(after, cancellationToken))
                {
                    foreach (var recorded in batch)
                    {
                        if (DirectoryFolding.Concerns(recorded.Type) && !_readAtStart.Remove(recorded.Position.Value))
                        {
                            Apply(recorded);
                        }
                    }

                    after = batch[^1].Position;
                    MoveTo(after.Value);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (EventLogUnavailableException fault)
            {
                DirectoryLog.CannotFollow(logger, fault);
                await Task.Delay(RetryAfter, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // A directory that stands still would go on admitting whom it should refuse: the node goes down instead.
                DirectoryLog.Broken(logger, fault);
                lifetime.StopApplication();
                return;
            }
        }
    }

    private void Apply(RecordedEvent recorded)
    {
        var @event = EventTypes.Parse(recorded.Type, recorded.Data);
        var before = _version;
        var state = DirectoryFolding.Evolve(before.State, @event, recorded.Position.Value);
        var revision = recorded.Stream == StreamId.Directory ? recorded.Revision : before.Revision;
        var next = new DirectoryVersion(state, revision, [.. DirectoryTouch.By(@event, before.State, state)]);
        Volatile.Write(ref _version, next);
        before.Follow(next);
    }
}
