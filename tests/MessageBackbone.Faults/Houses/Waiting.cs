namespace MessageBackbone.Faults.Houses;

/// <summary>Waits for what no signal tells. Bounded, and it says what did not come true.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(2), Between = TimeSpan.FromMilliseconds(100);

    public static async Task UntilAsync(string what, Func<Task<bool>> isSo, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Within);
        using var timer = new PeriodicTimer(Between);
        while (!await isSo())
        {
            if (limit.IsCancellationRequested) throw new TimeoutException($"Not within {Within}: {what}.");
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }
}
