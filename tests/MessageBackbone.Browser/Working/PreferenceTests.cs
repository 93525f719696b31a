using System.Globalization;
using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;

namespace MessageBackbone.Browser.Working;

/// <summary>How one visitor wants to see the pages: the theme that he chooses, and times in the zone where he sits.</summary>
[Collection(WatchedHouse.Name)]
public sealed class PreferenceTests(WatchedHouse house, Chromium chromium)
{
    private const string Zone = "Asia/Kathmandu";

    [Theory]
    [InlineData("light", "dark", "rgb(16, 22, 29)")]
    [InlineData("dark", "light", "rgb(244, 246, 248)")]
    public async Task A_theme_from_the_menu_counts_more_than_the_systems_and_stays(string system, string chosen, string ground)
    {
        await using var watcher = await house.Watch.EnterAsync(chromium, look: Look.Usual with { Theme = system });
        var body = watcher.Page.Locator("body");
        await watcher.GoAsync("directory");
        await Assertions.Expect(body).Not.ToHaveCSSAsync("background-color", ground);

        await watcher.Page.Locator(".prefs summary").ClickAsync();
        await watcher.Page.Locator(".prefs").GetByRole(AriaRole.Link, new() { Name = Said.As($"theme.{chosen}") }).ClickAsync();
        await Assertions.Expect(body).ToHaveCSSAsync("background-color", ground);
        await Assertions.Expect(watcher.Page.Locator("h1")).ToHaveTextAsync(Said.As("menu.directory"));
        await watcher.Page.Locator("header .menu a[href='messages']").ClickAsync();
        await Assertions.Expect(watcher.Page.Locator("h1")).ToHaveTextAsync(Said.As("menu.messages"));
        await Assertions.Expect(body).ToHaveCSSAsync("background-color", ground);
        await watcher.Page.ReloadAsync();

        await Assertions.Expect(body).ToHaveCSSAsync("background-color", ground);
        await Assertions.Expect(watcher.Page.Locator($".prefs a[href*='theme={chosen}']")).ToHaveAttributeAsync("aria-current", "true");
        watcher.AssertQuiet();
    }

    [Fact]
    public async Task A_time_is_in_UTC_and_the_visitors_own_when_it_is_pointed_at()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium, look: Look.Usual with { Zone = Zone });
        await watcher.GoAsync($"messages/{house.Opened}");
        var time = watcher.Page.Locator("time[data-local]").First;
        var at = DateTimeOffset.Parse((await time.GetAttributeAsync("datetime"))!, CultureInfo.InvariantCulture);

        await Assertions.Expect(time).ToHaveTextAsync(at.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        await time.HoverAsync();

        var local = TimeZoneInfo.ConvertTime(at, TimeZoneInfo.FindSystemTimeZoneById(Zone));
        await Assertions.Expect(time).ToHaveAttributeAsync("title", Told(local));
        watcher.AssertQuiet();
    }

    [Fact]
    public async Task A_time_that_goes_on_is_told_anew_when_it_is_pointed_at_again()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("");
        var time = watcher.Page.Locator(".asof time");
        await time.HoverAsync();
        var (shown, told) = (await time.InnerTextAsync(), await time.GetAttributeAsync("title"));
        await watcher.Page.Mouse.MoveAsync(0, 0);
        await Assertions.Expect(time).Not.ToHaveTextAsync(shown);

        await time.HoverAsync();

        await Assertions.Expect(time).Not.ToHaveAttributeAsync("title", told!);
    }

    // As the browser's own English says it: a space of its own kind stands before AM and PM.
    private static System.Text.RegularExpressions.Regex Told(DateTimeOffset local) =>
        new($"^{local.ToString("MMM d, yyyy, h:mm:ss", CultureInfo.InvariantCulture)}\\s{local.ToString("tt", CultureInfo.InvariantCulture)} GMT\\+5:45$");
}
