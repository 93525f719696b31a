namespace MessageBackbone.Node.Projecting;

/// <summary>The parts of a room that run beside each other until the host's end: one that fails stops alone, and the room's state says which and why.</summary>
/// <param name="stopped">Told of each that failed: its name and the fault's message.</param>
internal sealed class GuardedParts(Action<string, string> stopped)
{
    private volatile string _state = "starting";

    /// <summary>"running", or which part has ended and why. Operations and health see it.</summary>
    public string State => _state;

    /// <summary>Ends when all have ended. Throws nothing of what a part throws.</summary>
    public Task RunAsync(CancellationToken stop, params IEnumerable<(string Name, Func<CancellationToken, Task> Run)> parts)
    {
        _state = FollowerState.Running;
        return Task.WhenAll(parts.Select(part => GuardAsync(part.Name, part.Run, stop)));
    }

    private async Task GuardAsync(string part, Func<CancellationToken, Task> run, CancellationToken stop)
    {
        try
        {
            await run(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault)
        {
            // What is due stays due, and what is accepted stays in the log: the next start does it. Until then the node is not ready, and says why.
            _state = $"{part} stopped: {fault.Message}";
            stopped(part, fault.Message);
        }
    }
}
