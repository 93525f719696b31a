namespace MessageBackbone.Cli.Benching;

/// <summary>Sends FLASH messages and measures how long each takes into the inbox; one that does not come is counted.</summary>
/// <param name="sendAsync">Sends one; gives its id.</param>
internal sealed class FlashProbe(Func<CancellationToken, Task<string>> sendAsync, Arrivals arrivals, TimeProvider clock)
{
    private readonly List<string> _missing = [];

    /// <summary>Those of all phases that have not come until now.</summary>
    public int Lost => _missing.Count(id => arrivals.OfFlash(id) is null);

    /// <summary>Milliseconds, of those that came. One after the other, each when the one before has arrived: a latency is no queue's length.</summary>
    public async Task<List<double>> MeasureAsync(int count, CancellationToken stop)
    {
        var took = new List<double>(count);
        for (var i = 0; i < count; i++)
        {
            var since = clock.GetTimestamp();
            var id = await sendAsync(stop);
            await arrivals.UntilAsync(() => arrivals.OfFlash(id) is not null, stop);
            if (arrivals.OfFlash(id) is { } at) took.Add(clock.GetElapsedTime(since, at).TotalMilliseconds);
            else _missing.Add(id);
        }
        return took;
    }
}
