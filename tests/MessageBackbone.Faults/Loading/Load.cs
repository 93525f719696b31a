using MessageBackbone.Faults.Houses;

namespace MessageBackbone.Faults.Loading;

/// <summary>What the bureaus send while things break: all precedences, to one or two others, in a trickle with bursts, some of them large.</summary>
internal sealed class Load(House house, Journal journal, int seed, TimeProvider clock)
{
    private static readonly string[] Precedences = ["routine", "routine", "routine", "routine", "priority", "priority", "immediate", "flash"];
    private static readonly TimeSpan AfterNoAnswer = TimeSpan.FromMilliseconds(250);

    // Above what travels inside a delivery: the gateway fetches it with a call of its own.
    private static readonly string Large = new('x', 90_000);

    private int _number;

    /// <summary>Sends until cancelled; a call that is under way then is ended first.</summary>
    public Task RunAsync(CancellationToken stop) =>
        Task.WhenAll(house.Gateways.Select((bureau, index) => RunAsync(bureau, new Random(unchecked((seed * 31) + index)), stop)));

    /// <summary>One message; its fate is in the journal.</summary>
    public async Task<Sent> SendAsync(string from, IReadOnlyList<string> to, string precedence, string text = "x")
    {
        var sent = new Sent($"{from}/{Interlocked.Increment(ref _number)}", from, to, precedence, Taken: null);
        journal.Write(sent);
        var taken = await house[from].SendAsync(new { to, precedence, reference = sent.Reference, subject = "s", text }, CancellationToken.None);
        sent = sent with { Taken = taken };
        journal.Write(sent);
        return sent;
    }

    private async Task RunAsync(string from, Random random, CancellationToken stop)
    {
        string[] others = [.. house.Gateways.Where(bureau => bureau != from)];
        while (!stop.IsCancellationRequested)
        {
            var burst = random.Next(20) == 0 ? random.Next(20, 60) : 1;
            for (var i = 0; i < burst && !stop.IsCancellationRequested; i++)
            {
                var to = others.Length > 1 && random.Next(3) > 0 ? [others[random.Next(others.Length)]] : others;
                var sent = await SendAsync(from, to, Precedences[random.Next(Precedences.Length)], random.Next(40) == 0 ? Large : "x");
                if (sent.Taken != true) await PauseAsync(AfterNoAnswer, stop);
            }
            await PauseAsync(TimeSpan.FromMilliseconds(random.Next(20, 300)), stop);
        }
    }

    private Task PauseAsync(TimeSpan pause, CancellationToken stop) =>
        Task.Delay(pause, clock, stop).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
