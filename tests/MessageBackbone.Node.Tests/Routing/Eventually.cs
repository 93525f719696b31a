namespace MessageBackbone.Node.Tests.Routing;

/// <summary>Waits for what no signal tells: a broker's queue, a line in a log. Bounded, and it says what did not come true.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task TrueAsync(string what, Func<bool> condition) => TrueAsync(what, () => Task.FromResult(condition()));

    public static async Task TrueAsync(string what, Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Within);
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, $"Not within {Within}: {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(25), Cancel);
        }
    }
}
