using System.Net;
using MessageBackbone.Node.Projecting;

namespace MessageBackbone.Cli.Benching;

/// <summary>Asks for pages as a browser does, and measures how long they take.</summary>
internal sealed class DashboardBench(DashboardHouse house, Action<string> note, TimeProvider clock)
{
    private const int Requests = 40;

    /// <summary>Addresses that operators ask for: the first page, one of each kind of search, and what they come to by numbers of the board.</summary>
    private static readonly IReadOnlyList<string> Pages =
    [
        "", "messages", "messages?recipient=AB", "messages?recipient=AB&state=waiting", "messages?sender=BC&precedence=flash", "messages?kind=alert.cap",
        "messages?state=waiting", "messages?bureau=CD&kind=request&exercise=true", "messages?reference=AB-2026-000100", "messages?from=2026-10-05T00:00&before=2026-10-06T00:00",
        "messages?topic=topic-3", "messages?precedence=routine&late=true", $"messages?after={HalfWay}", $"messages?sender=AB&after={HalfWay}", $"messages?recipient=AB&state=delivered&after={HalfWay}",
        "traffic?range=quarter", "requests",
    ];

    // Half of all messages lie before this page.
    private static MessagePlace HalfWay => new(RowText.Ticks(DashboardHistory.Start + (DashboardHistory.Length / 2)), 0);

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
}
