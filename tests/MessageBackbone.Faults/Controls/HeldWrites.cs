using System.Collections.Concurrent;

namespace MessageBackbone.Faults.Controls;

/// <summary>
/// Writes that were answered for and are not begun. They begin, in order, when the scene says so: until then a kill takes them. Without a kill nothing of them is
/// lost, so what a scene finds comes of the answer that was too early and of nothing else (<see cref="ControlRun.UnbrokenAsync"/> plays that).
/// </summary>
internal sealed class HeldWrites
{
    private readonly ConcurrentQueue<Func<Task>> _held = new();

    public void Hold(Func<Task> write) => _held.Enqueue(write);

    /// <summary>Returns when all that was held is written.</summary>
    public async Task WriteAsync()
    {
        while (_held.TryDequeue(out var write)) await write();
    }
}
