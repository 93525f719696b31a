using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;

namespace MessageBackbone.Browser.States;

/// <summary>So much that no page holds all of it.</summary>
public sealed class HugeTests(HugeHouse house, Chromium chromium) : IClassFixture<HugeHouse>
{
    private const int ListPage = 50, OwedPage = 100;

    [Fact]
    public async Task The_board_shows_what_needs_eyes_and_all_of_it_when_asked()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);

        await watcher.GoAsync("");
        await Assertions.Expect(watcher.Page.Locator(".tiles")).ToContainTextAsync("5,000", new() { Timeout = 60_000 });
        Assert.Equal(60, await watcher.Page.Locator(".matrix tbody tr").CountAsync());
        await LookAsync(watcher, "board");
        await watcher.GoAsync("?all=true");
        Assert.Equal(HugeHouse.Bureaus, await watcher.Page.Locator(".matrix tbody tr").CountAsync());
        await LookAsync(watcher, "all");
        foreach (var page in (string[])["wall", "alarms", "messages", "traffic", "directory"])
        {
            await watcher.GoAsync(page);
            await LookAsync(watcher, page);
        }

        watcher.AssertQuiet();
    }

    [Fact]
    public async Task Messages_are_turned_page_by_page_to_the_last_and_back_to_the_newest()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        var rows = watcher.Page.Locator("tbody a[href^='messages/']");
        await watcher.GoAsync($"messages?recipient={HugeHouse.Codes[0]}");
        await Assertions.Expect(rows).ToHaveCountAsync(ListPage);
        var first = await AddressesAsync(rows);
        await Assertions.Expect(Newest(watcher)).ToHaveCountAsync(0);

        await Next(watcher).ClickAsync();
        await Assertions.Expect(Newest(watcher)).ToBeVisibleAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(ListPage);
        // A hundred are a bureau's: the second page is as long as the first, and is the last.
        Assert.Empty(first.Intersect(await AddressesAsync(rows)));
        await Assertions.Expect(Next(watcher)).ToHaveCountAsync(0);
        await Newest(watcher).ClickAsync();

        await Assertions.Expect(Next(watcher)).ToBeVisibleAsync();
        Assert.Equal(first, await AddressesAsync(rows));
    }

    [Fact]
    public async Task Changes_of_the_directory_are_turned_to_the_first_act_which_leads_no_further()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        var acts = watcher.Page.Locator(".timeline > li > .what");
        await watcher.GoAsync("directory/changes");

        for (var before = HugeHouse.Bureaus; before > ListPage; before -= ListPage)
        {
            await Assertions.Expect(acts).ToHaveCountAsync(ListPage);
            var last = await acts.Last.InnerTextAsync();
            await Next(watcher).ClickAsync();
            await Assertions.Expect(acts.Last).Not.ToHaveTextAsync(last);
        }

        await Assertions.Expect(acts).ToHaveCountAsync(ListPage);
        await Assertions.Expect(Next(watcher)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Requests_are_turned_to_the_last_page_which_leads_no_further()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        var rows = watcher.Page.Locator("tbody tr");
        await watcher.GoAsync("requests");
        await Assertions.Expect(rows).ToHaveCountAsync(OwedPage);

        await Next(watcher).ClickAsync();

        await Assertions.Expect(rows).ToHaveCountAsync(HugeHouse.Requests - OwedPage);
        await Assertions.Expect(Next(watcher)).ToHaveCountAsync(0);
    }

    private static ILocator Next(Watcher watcher) => watcher.Page.Locator("nav.pager a[rel='next']");

    private static ILocator Newest(Watcher watcher) => watcher.Page.Locator("nav.pager").GetByText(Said.As("messages.newest"), new() { Exact = true });

    private static Task<string[]> AddressesAsync(ILocator links) => links.EvaluateAllAsync<string[]>("all => all.map(a => a.getAttribute('href'))");

    private static async Task LookAsync(Watcher watcher, string name)
    {
        await watcher.PictureAsync("huge", name);
        await watcher.AssertNotWiderThanWindowAsync();
        await watcher.AssertAccessibleAsync();
    }
}
