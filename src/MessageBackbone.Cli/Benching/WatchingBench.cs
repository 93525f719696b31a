using System.Diagnostics;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Node.Dashboard.Watching;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Cli.Benching;

/// <summary>Measures what browsers that watch the board cost the node while much is delivered, and what it costs the browsers.</summary>
internal sealed class WatchingBench(DashboardHouse house, Action<string> note, TimeProvider clock)
{
    private const int Rounds = 3;

    // Of one core, all browsers together.
    private const double Quiet = 0.5;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromMinutes(3);

    private int _seed = 1_000;

    public async Task<WatchingCost> MeasureAsync(int browsers, int rate, TimeSpan length, CancellationToken stop)
    {
        var (without, with) = (new List<Usage>(), new List<Usage>());
        note($"{rate} deliveries a second, so that everything is compiled");
        await UseAsync(rate, length, stop);
        // By turns, so that what else the machine does falls on both.
        for (var round = 1; round <= Rounds; round++)
        {
            note($"Round {round} of {Rounds}: {rate} deliveries a second, nobody watches");
            without.Add(await UseAsync(rate, length, stop));
            note($"Round {round} of {Rounds}: {browsers} browsers are opened, and waited for until they are quiet");
            await using var open = await OpenAsync(browsers, stop);
            note($"Round {round} of {Rounds}: {rate} deliveries a second, {browsers} browsers watch");
            with.Add(await UseAsync(rate, length, stop));
        }

        return new(
            browsers, rate, Rounds, Median(without, u => u.Node), Median(with, u => u.Node), Median(without, u => u.Rate), Median(with, u => u.Rate),
            Math.Round(Median(with, u => u.Browsers) / browsers, 3));
    }

    private async Task<Usage> UseAsync(int rate, TimeSpan length, CancellationToken stop)
    {
        using var process = Process.GetCurrentProcess();
        var (began, node, browsers) = (clock.GetTimestamp(), process.TotalProcessorTime, Chromium.Used());
        var made = await DashboardHistory.GoOnAsync(house.Log, rate, length, _seed++, clock, stop);
        // What the log has is not shown yet: reading it belongs to the cost.
        await house.CaughtUpAsync(stop);
        process.Refresh();
        var passed = clock.GetElapsedTime(began);
        return new((process.TotalProcessorTime - node) / passed, (Chromium.Used() - browsers) / passed, made / passed.TotalSeconds);
    }

    private async Task<Browsers> OpenAsync(int count, CancellationToken stop)
    {
        var open = new Browsers();
        try
        {
            var feed = house.Node.GetRequiredService<BoardFeed>();
            for (var i = 1; i <= count; i++)
            {
                open.Add(Chromium.Open(house.Link()));
                await feed.WatchedByAsync(i, stop);
            }

            await QuietAsync(stop);
            return open;
        }
        catch
        {
            await open.DisposeAsync();
            throw;
        }
    }

    // Browsers that have just started take every core: the node and what is delivered would be starved, and nothing would be learned of watching.
    private async Task QuietAsync(CancellationToken stop)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            var (since, before) = (clock.GetTimestamp(), Chromium.Used());
            await Task.Delay(Look, clock, stop);
            if ((Chromium.Used() - before) / clock.GetElapsedTime(since) <= Quiet) return;
            if (clock.GetElapsedTime(began) > Patience)
                throw new CommandFailure($"The browsers used more than {Quiet:P0} of a core for {Patience.TotalMinutes} minutes with nothing delivered.", "Try it with fewer.");
        }
    }

    private static double Median(List<Usage> rounds, Func<Usage, double> what) => Math.Round(rounds.Select(what).Order().ElementAt(rounds.Count / 2), 3);

    /// <summary>Parts of one core, and messages a second that there really were.</summary>
    private sealed record Usage(double Node, double Browsers, double Rate);

    private sealed class Browsers : IAsyncDisposable
    {
        private readonly List<Chromium> _all = [];

        public void Add(Chromium browser) => _all.Add(browser);

        public async ValueTask DisposeAsync()
        {
            foreach (var browser in _all) await browser.DisposeAsync();
        }
    }
}
