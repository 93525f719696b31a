using System.Collections.Concurrent;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.EventLog;

namespace MessageBackbone.Cli.Benching;

/// <summary>Appends of one event, each to a stream of its own as an accepted message is, by many callers at once.</summary>
internal sealed class AppendBench(int callers, int eventBytes, TimeSpan roundTime, TimeProvider clock)
{
    /// <summary>Rounds of every log by turns, so that what else the machine does falls on all of them; of each log the round of the median rate.</summary>
    public async Task<IReadOnlyList<AppendRate>> RunAsync(IReadOnlyList<IEventLog> logs, int rounds, Action<string> note, CancellationToken stop)
    {
        // Warm: what the first calls cost once is not what is asked for.
        foreach (var log in logs) await RoundAsync(log, roundTime / 5, stop);
        var measured = logs.Select(_ => new List<AppendRate>()).ToList();
        for (var round = 1; round <= rounds; round++)
            for (var i = 0; i < logs.Count; i++)
            {
                var rate = await RoundAsync(logs[i], roundTime, stop);
                measured[i].Add(rate);
                note($"  round {round} of {rounds}, {rate.Log}: {rate.PerSecond} a second");
            }

        return [.. measured.Select(rates => rates.OrderBy(rate => rate.PerSecond).ElementAt(rates.Count / 2))];
    }

    private async Task<AppendRate> RoundAsync(IEventLog log, TimeSpan time, CancellationToken stop)
    {
        var took = new ConcurrentBag<double>();
        var started = clock.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(() => CallAsync(log, started, time, took, stop), stop)));
        var seconds = clock.GetElapsedTime(started).TotalSeconds;
        return new(log.Kind, Math.Round(took.Count / seconds, 0), Percentiles.Of(took));
    }

    private async Task CallAsync(IEventLog log, long started, TimeSpan time, ConcurrentBag<double> took, CancellationToken stop)
    {
        var data = new byte[eventBytes];
        Random.Shared.NextBytes(data);
        while (clock.GetElapsedTime(started) < time)
        {
            var now = clock.GetUtcNow();
            var made = new NewEvent(Guid.CreateVersion7(now), "bench.appended.v1", data, default, now);
            var began = clock.GetTimestamp();
            var outcome = await log.AppendAsync(new StreamId($"bench-{made.EventId:N}"), ExpectedRevision.NoStream, [made], stop);
            took.Add(clock.GetElapsedTime(began).TotalMilliseconds);
            if (outcome is not AppendOutcome.Appended) throw new InvalidOperationException($"An append to a new stream was answered with {outcome}.");
        }
    }
}

/// <summary>What one log did in a round.</summary>
/// <param name="AppendMs">From the call to its answer: the event is durable then.</param>
internal sealed record AppendRate(string Log, double PerSecond, Percentiles AppendMs);

/// <summary>What `bench log` measured; names of the file are these in snake case.</summary>
/// <param name="Ratio">Rate of the log in a file over that of the server; null when no server was named.</param>
internal sealed record AppendResult(int Callers, int EventBytes, IReadOnlyList<AppendRate> Rates, double? Ratio);
