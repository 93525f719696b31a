using System.Collections.Concurrent;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Gateway;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Benching;

/// <summary>Measures what a backlog of ROUTINE costs a FLASH message for the same bureau.</summary>
internal sealed class PrecedenceBench(BenchHouse house, int waiting, int samples, Action<string> note, TimeProvider clock)
{
    /// <summary>Sent before anything is measured: code is compiled and connections are open by then.</summary>
    private const int WarmUp = 50;

    /// <summary>Nothing arrived for so long: what is missing then is lost.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const string Text = "Vehicle crossed the border at 14:05";

    private readonly ConcurrentDictionary<string, long> _arrived = new(StringComparer.Ordinal);
    private volatile TaskCompletionSource _change = Fresh();
    private long _routine;

    public async Task<PrecedenceResult> RunAsync(CancellationToken stop)
    {
        await house.RecipientComesAsync(Note, stop);
        await FlashAsync(WarmUp, stop);
        note($"Measuring {samples} FLASH messages with nothing waiting …");
        var idle = Percentiles.Of(await FlashAsync(samples, stop));
        var idleMib = house.Node.ResidentMib;

        await house.RecipientGoesAsync();
        note($"The recipient's gateway is away. Sending {waiting} ROUTINE messages …");
        var filling = clock.GetTimestamp();
        await new BulkSender(house, note, clock).SendAsync(waiting, stop);
        var filled = clock.GetElapsedTime(filling);
        var waitingMib = house.Node.ResidentMib;

        note($"It is back. Measuring {samples} FLASH messages while the others are delivered …");
        var draining = clock.GetTimestamp();
        await house.RecipientComesAsync(Note, stop);
        await UntilAsync(() => waiting == 0 || Interlocked.Read(ref _routine) > 0, stop);
        var atStart = waiting - Interlocked.Read(ref _routine);
        var loaded = Percentiles.Of(await FlashAsync(samples, stop));
        var atEnd = waiting - Interlocked.Read(ref _routine);

        note($"{atEnd} still wait. Draining …");
        await UntilAsync(() => Interlocked.Read(ref _routine) >= waiting, stop);
        var drained = clock.GetElapsedTime(draining);
        var lost = waiting - Interlocked.Read(ref _routine);
        return new PrecedenceResult(
            house.Transport, waiting, samples, idle, loaded, Round(loaded.P99 / Math.Max(idle.P99, 0.01)), atStart, atEnd,
            Rate(waiting, filled), idleMib, waitingMib, Round(drained.TotalSeconds), Rate(waiting, drained), lost);
    }

    /// <summary>One after the other, each when the one before has arrived: a latency is no queue's length.</summary>
    private async Task<List<double>> FlashAsync(int count, CancellationToken stop)
    {
        var took = new List<double>(count);
        var draft = new Draft { To = [BenchHouse.Recipient], Precedence = Precedence.Flash, Text = Text, Exercise = true };
        for (var i = 0; i < count; i++)
        {
            var since = clock.GetTimestamp();
            var id = (await house.From.SendAsync(draft, "bench", stop)).Value;
            await UntilAsync(() => _arrived.ContainsKey(id), stop);
            if (_arrived.TryRemove(id, out var at)) took.Add(clock.GetElapsedTime(since, at).TotalMilliseconds);
        }
        return took;
    }

    private void Note(GatewayEvent happened)
    {
        if (happened is not GatewayEvent.Received { Repeated: false } received) return;
        if (received.Precedence == Precedence.Flash) _arrived[received.Message.Value] = clock.GetTimestamp();
        else Interlocked.Increment(ref _routine);
        Interlocked.Exchange(ref _change, Fresh()).TrySetResult();
    }

    // Ends without the condition when nothing has arrived for too long: what is missing shows in the figures.
    private async Task UntilAsync(Func<bool> condition, CancellationToken stop)
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

    private static double Rate(int count, TimeSpan took) => Round(count / Math.Max(took.TotalSeconds, 0.001));

    private static double Round(double value) => Math.Round(value, 2);

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
