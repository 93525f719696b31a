using System.Diagnostics;
using System.Net;
using MessageBackbone.Node.Dashboard.Watching;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Cli.Benching;

/// <summary>Asks for pages as a browser does, and measures what open browsers cost.</summary>
internal sealed class DashboardBench(DashboardHouse house, Action<string> note, TimeProvider clock)
{
    private const int Requests = 40, Rounds = 3;

    /// <summary>Addresses that operators ask for: the first page, one of each kind of search, and what they come to by numbers of the board.</summary>
    private static readonly IReadOnlyList<string> Pages =
    [
        "", "messages", "messages?recipient=AB", "messages?recipient=AB&state=waiting", "messages?sender=BC&precedence=flash", "messages?kind=alert.cap",
        "messages?state=waiting", "messages?bureau=CD&kind=request&exercise=true", "messages?reference=AB-2026-000100", "messages?from=2026-10-05T00:00&before=2026-10-06T00:00",
        "messages?topic=topic-3", "messages?precedence=routine&late=true", "traffic?range=quarter", "requests",
    ];

    public async Task<IReadOnlyList<PageTime>> PagesAsync(CancellationToken stop)
    {
        using var handler = new HttpClientHandler { CookieContainer = new CookieContainer(), UseProxy = false };
        var link = house.Link();
        using var browser = new HttpClient(handler) { BaseAddress = new Uri(link.GetLeftPart(UriPartial.Authority)) };
        using (await browser.GetAsync(link, stop)) { }
        browser.DefaultRequestHeaders.Add("Accept", "text/html");
        var times = new List<PageTime>();
        foreach (var page in Pages)
        {
            note($"Asking for /{page}");
            times.Add(new($"/{page}", await TimeAsync(browser, page, stop)));
        }

        return times;
    }

    public async Task<WatchingCost> WatchingAsync(int browsers, int rate, TimeSpan length, CancellationToken stop)
    {
        var (without, with) = (new List<double>(), new List<double>());
        // By turns, so that what else the machine does falls on both.
        for (var round = 0; round < Rounds; round++)
        {
            note($"Round {round + 1} of {Rounds}: {rate} deliveries a second, nobody watches");
            without.Add(await CoreAsync(rate, length, round * 2, stop));
            await using var open = await OpenAsync(browsers, stop);
            note($"Round {round + 1} of {Rounds}: {rate} deliveries a second, {browsers} browsers watch");
            with.Add(await CoreAsync(rate, length, (round * 2) + 1, stop));
        }

        return new(browsers, rate, Rounds, Median(without), Median(with));
    }

    private async Task<PagePercentiles> TimeAsync(HttpClient browser, string page, CancellationToken stop)
    {
        var times = new List<double>();
        for (var i = 0; i < Requests + 3; i++)
        {
            var began = clock.GetTimestamp();
            using var answer = await browser.GetAsync(page, stop);
            answer.EnsureSuccessStatusCode();
            await answer.Content.ReadAsByteArrayAsync(stop);
            // The first few compile.
            if (i >= 3) times.Add(clock.GetElapsedTime(began).TotalMilliseconds);
        }

        times.Sort();
        return new(Math.Round(times[times.Count / 2], 1), Math.Round(times[(int)(times.Count * 0.95)], 1));
    }

    private async Task<double> CoreAsync(int rate, TimeSpan length, int seed, CancellationToken stop)
    {
        using var process = Process.GetCurrentProcess();
        var (began, before) = (clock.GetTimestamp(), process.TotalProcessorTime);
        await DashboardHistory.GoOnAsync(house.Log, rate, length, 1_000 + seed, clock, stop);
        process.Refresh();
        return Math.Round((process.TotalProcessorTime - before) / clock.GetElapsedTime(began), 3);
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

            return open;
        }
        catch
        {
            await open.DisposeAsync();
            throw;
        }
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

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
