namespace MessageBackbone.Gateway.Receiving;

/// <summary>
/// So many at a time in each lane. Places that all lanes shared would be taken by four slow ROUTINE bodies, and a FLASH behind them would wait for minutes.
/// </summary>
internal sealed class LaneSlots(int each) : IDisposable
{
    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, Peeked.Lanes).Select(_ => new SemaphoreSlim(each))];

    public async Task<T> RunAsync<T>(int lane, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _lanes[lane].WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            _lanes[lane].Release();
        }
    }

    public void Dispose()
    {
        foreach (var lane in _lanes) lane.Dispose();
    }
}
