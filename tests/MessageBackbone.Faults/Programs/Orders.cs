using MessageBackbone.Fixtures;

namespace MessageBackbone.Faults.Programs;

/// <summary>
/// What the runner tells a process by its standard input: a line an order, a line of answer each. When the input ends the runner is gone, and the process goes too.
/// </summary>
internal sealed class Orders(ShiftedClock clock)
{
    public const string Done = "done";

    private readonly Dictionary<string, Func<string, Task>> _orders = new(StringComparer.Ordinal);
    private TimeSpan _shift;

    /// <summary>Sets the clock that the process tells, so many seconds from the system's.</summary>
    public const string Clock = "clock";

    /// <summary>From now on its database cannot grow, or can again.</summary>
    public const string DiskFull = "disk-full", DiskFree = "disk-free";

    /// <summary>One commit fails: before it is persisted, or after.</summary>
    public const string FlushFails = "flush-fails";

    /// <summary>What was answered for too early, because a control wants that, is written now.</summary>
    public const string Write = "write";

    public Orders On(string order, Func<string, Task> obey)
    {
        _orders.Add(order, obey);
        return this;
    }

    /// <summary>Says where it listens, then obeys until the input ends.</summary>
    public async Task ServeAsync(Uri address)
    {
        On(Clock, Shift);
        await Console.Out.WriteLineAsync($"ready {address}");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var (order, word) = line.Split(' ', 2) is [var first, var second] ? (first, second) : (line, "");
            await _orders[order](word);
            await Console.Out.WriteLineAsync(Done);
        }
    }

    private Task Shift(string seconds)
    {
        var wanted = TimeSpan.FromSeconds(double.Parse(seconds));
        clock.Advance(wanted - _shift);
        _shift = wanted;
        return Task.CompletedTask;
    }
}
