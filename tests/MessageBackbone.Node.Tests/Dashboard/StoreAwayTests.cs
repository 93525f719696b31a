using System.Net;
using MessageBackbone.EventStoreStandIn;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Protocol.Identities;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Dashboard;

/// <summary>Pages while the log is away.</summary>
public sealed class StoreAwayTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task A_reading_that_cannot_be_recorded_shows_nothing_and_the_page_says_so()
    {
        await using var server = await StandIn.StartAsync();
        await using var house = await House.OpenAsync(
            options => (options.EventStore, options.Dashboard.DemoListen) = (server.ConnectionString, new IPEndPoint(IPAddress.Loopback, 0)), "FR", "DE");
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);
        var id = house["FR"].HeaderOf(message).MessageId;
        using var browser = await BrowserAsync(house);
        await house.Node.Services.GetRequiredService<ReadModels>().CatchUpAsync(Cancel);
        using (var before = await browser.GetAsync($"messages/{id}", Cancel)) Assert.True(before.IsSuccessStatusCode, await before.Content.ReadAsStringAsync(Cancel));

        await server.StopAsync();
        using var away = await browser.GetAsync($"messages/{id}", Cancel);
        house.Logs.Forget();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
        Assert.Contains("default-src 'none'", Assert.Single(away.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        var page = await away.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("This page cannot be shown now", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Where it stands", page, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", page, StringComparison.Ordinal);
    }

    private static async Task<HttpClient> BrowserAsync(House house)
    {
        var link = house.Node.DashboardLink(new Holder(HolderRole.Operator, "operator-1"));
        var browser = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer(), UseProxy = false }) { BaseAddress = new Uri(link.GetLeftPart(UriPartial.Authority)) };
        browser.DefaultRequestHeaders.Add("Accept", "text/html");
        using (await browser.GetAsync(link, Cancel)) return browser;
    }
}
