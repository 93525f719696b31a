using MessageBackbone.Cli.Terminal;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Benching;

/// <summary>Measures what a backlog of ROUTINE costs a FLASH message for the same bureau.</summary>
internal sealed class PrecedenceBench(BenchHouse house, int waiting, int samples, Action<string> note, TimeProvider clock)
{
    /// <summary>Sent before anything is measured: code is compiled and connections are open by then.</summary>
    private const int WarmUp = 50;

    private const string Text = "Vehicle crossed the border at 14:05";

    private readonly Draft _draft = new() { To = [BenchHouse.Recipient], Precedence = Precedence.Flash, Text = Text, Exercise = true };
    private readonly Arrivals _arrivals = new(note, clock);

    public async Task<PrecedenceResult> RunAsync(CancellationToken stop)
    {
        var flash = new FlashProbe(async cancel => (await house.From.SendAsync(_draft, "bench", cancel)).Value, _arrivals, clock);
        await house.RecipientComesAsync(_arrivals.Note, stop);
        await flash.MeasureAsync(WarmUp, stop);
        note($"Measuring {samples} FLASH messages with nothing waiting …");
        var idle = Percentiles.Of(await flash.MeasureAsync(samples, stop));
        var idleMib = house.Node.ResidentMib;

        await house.RecipientGoesAsync();
        note($"The recipient's gateway is away. Sending {waiting} ROUTINE messages …");
        var filling = clock.GetTimestamp();
        await new BulkSender(house, note, clock).SendAsync(waiting, stop);
        var filled = clock.GetElapsedTime(filling);
        var waitingMib = house.Node.ResidentMib;

        note($"It is back. Measuring {samples} FLASH messages while the others are delivered …");
        var draining = clock.GetTimestamp();
        await house.RecipientComesAsync(_arrivals.Note, stop);
        await _arrivals.UntilAsync(() => waiting == 0 || _arrivals.Routine > 0, stop);
        var atStart = waiting - _arrivals.Routine;
        var loaded = Percentiles.Of(await flash.MeasureAsync(samples, stop));
        var atEnd = waiting - _arrivals.Routine;

        note($"{atEnd} still wait. Draining …");
        await _arrivals.UntilAsync(() => _arrivals.Routine >= waiting, stop);
        var drained = clock.GetElapsedTime(draining);
        var lost = waiting - _arrivals.Routine + flash.Lost;
        return new PrecedenceResult(
            house.Transport, waiting, samples, idle, loaded, Round(loaded.P99 / Math.Max(idle.P99, 0.01)), atStart, atEnd,
            Rate(waiting, filled), idleMib, waitingMib, Round(drained.TotalSeconds), Rate(waiting, drained), lost);
    }

    private static double Rate(int count, TimeSpan took) => Round(count / Math.Max(took.TotalSeconds, 0.001));

    private static double Round(double value) => Math.Round(value, 2);
}
