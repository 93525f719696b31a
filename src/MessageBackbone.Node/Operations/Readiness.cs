using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Projecting;

namespace MessageBackbone.Node.Operations;

/// <summary>One thing that a ready node needs.</summary>
/// <param name="State">For people: no content, key or name of a person.</param>
internal sealed record ReadyCheck(string Name, bool Ok, string State);

internal sealed record ReadyReport(bool Ready, IReadOnlyList<ReadyCheck> Checks);

/// <summary>Whether this node can do its work now: the log answers and its disk has room, submissions are taken, the transport is connected, the followers keep
/// up.</summary>
internal sealed class Readiness(
    IEventLog log, IEnumerable<IFollower> followers, Surroundings surroundings, DrainGate drain, OperationsOptions options, ReadinessDisk disk, TimeProvider clock)
{
    // No stream is ever here, so the append goes all the way through the writer and comes back as a conflict: nothing is recorded.
    private static readonly ExpectedRevision Nowhere = ExpectedRevision.At(new StreamRevision(long.MaxValue - 1));

    public async Task<ReadyReport> CheckAsync(CancellationToken cancellationToken)
    {
        var (logCheck, end) = await LookAtLogAsync(cancellationToken);
        var transport = surroundings.TransportState();
        List<ReadyCheck> checks =
        [
            logCheck,
            Disk(),
            drain.RetryAfter is null ? new("submissions", true, "taken") : new("submissions", false, "draining"),
            new("transport", transport == Surroundings.Connected, $"{surroundings.Transport()}: {transport}"),
            .. followers.Select(follower => Look(follower, end)),
        ];
        return new(checks.TrueForAll(check => check.Ok), checks);
    }

    private async Task<(ReadyCheck Check, LogPosition? End)> LookAtLogAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.ReadyTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            var now = clock.GetUtcNow();
            var probe = new NewEvent(Guid.CreateVersion7(now), "operations.probe.v1", default, default, now);
            await log.AppendAsync(StreamId.Directory, Nowhere, [probe], either.Token).AsTask().WaitAsync(either.Token);
            return (new("log", true, "answers"), await log.EndAsync(either.Token));
        }
        catch (EventLogUnavailableException)
        {
            return (new("log", false, "the store cannot serve"), null);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return (new("log", false, "does not answer"), null);
        }
    }

    private ReadyCheck Disk()
    {
        var free = disk.FreeBytes();
        return new("disk", free >= options.ReadyFreeBytes, $"{free >> 20} MiB free");
    }

    private ReadyCheck Look(IFollower follower, LogPosition? end)
    {
        var lag = end is { } last && last > follower.Position ? last.Value - follower.Position.Value : 0;
        var running = follower.State == FollowerState.Running;
        return new(follower.Name, running && lag <= (ulong)options.ReadyLag, running ? $"{lag} behind" : follower.State);
    }
}

/// <summary>The room that is left where the log lies.</summary>
internal sealed record ReadinessDisk(Func<long> FreeBytes)
{
    public static ReadinessDisk Of(string folder) => new(() => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace);
}
