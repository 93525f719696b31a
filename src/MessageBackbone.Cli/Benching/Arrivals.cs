using System.Collections.Concurrent;
using MessageBackbone.Gateway;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Benching;

/// <summary>What came into the recipient's inbox, each message once.</summary>
internal sealed class Arrivals(Action<string> note, TimeProvider clock)
{
    /// <summary>Nothing arrived for so long: what is missing then is waited for no more.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, long> _flash = new(StringComparer.Ordinal);
    private volatile TaskCompletionSource _change = Fresh();
    private long _routine;

    public long Routine => Interlocked.Read(ref _routine);

    public void Note(GatewayEvent happened)
    {
        if (happened is not GatewayEvent.Received { Repeated: false } received) return;
        if (received.Precedence == Precedence.Flash) _flash[received.Message.Value] = clock.GetTimestamp();
        else Interlocked.Increment(ref _routine);
        Interlocked.Exchange(ref _change, Fresh()).TrySetResult();
    }

    /// <summary>When a FLASH came; null: it has not, so far.</summary>
    public long? OfFlash(string id) => _flash.TryGetValue(id, out var at) ? at : null;

    /// <summary>Ends without the condition when nothing has arrived for too long: what is missing shows in the figures.</summary>
    public async Task UntilAsync(Func<bool> condition, CancellationToken stop)
    {
        while (true)
        {
            var change = _change.Task;
            if (condition()) return;
            try
            {
                await change.WaitAsync(Patience, clock, stop);
            }
            catch (TimeoutException)
            {
                note($"Nothing has arrived for {Patience.TotalMinutes} minutes.");
                return;
            }
        }
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
