using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;

namespace MessageBackbone.Browser.Looking;

/// <summary>Every page, as it looks and as it is read: in both themes, from right to left, on a phone and on a wall.</summary>
[Collection(WatchedHouse.Name)]
public sealed class EveryPageTests(WatchedHouse house, Chromium chromium)
{
    public static TheoryData<string> Pages => [.. DashboardPages.All];

    public static TheoryData<string> OneOfEachKind => [.. DashboardPages.OneOfEachKind];

    public static TheoryData<string, string> PagesAndTongues => [.. from language in (string[])["fr", "es"] from page in (string[])["", "messages", "operations/drain"] select (page, language)];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task It_is_quiet_and_accessible_in_both_themes(string page)
    {
        await using var watcher = await OpenAsync(page, "light", Look.Usual);
        await watcher.AssertAccessibleAsync();

        await watcher.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await watcher.PictureAsync("dark", DashboardPages.Of(page, house).Picture);

        await watcher.AssertAccessibleAsync();
        watcher.AssertQuiet();
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task It_reads_from_right_to_left_in_Arabic(string page)
    {
        await using var watcher = await OpenAsync(page, "ar", Look.Usual with { Language = "ar" });

        Assert.Equal(("ar", "rtl"), (await watcher.Page.Locator("html").GetAttributeAsync("lang"), await watcher.Page.Locator("html").GetAttributeAsync("dir")));
        await watcher.AssertNotWiderThanWindowAsync();
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task It_fits_a_phone_and_a_wall(string page)
    {
        await using var watcher = await OpenAsync(page, "390", Look.Usual with { Width = 390, Height = 844 });
        await watcher.AssertNotWiderThanWindowAsync();

        await watcher.Page.SetViewportSizeAsync(1920, 1080);
        await watcher.PictureAsync("1920", DashboardPages.Of(page, house).Picture);

        await watcher.AssertNotWiderThanWindowAsync();
    }

    [Theory]
    [MemberData(nameof(OneOfEachKind))]
    public async Task It_is_accessible_in_Arabic_and_on_a_phone(string page)
    {
        await using var watcher = await OpenAsync(page, "ar", Look.Usual with { Language = "ar" });
        await watcher.AssertAccessibleAsync();

        await watcher.Page.SetViewportSizeAsync(390, 844);

        await watcher.AssertAccessibleAsync();
    }

    [Theory]
    [MemberData(nameof(PagesAndTongues))]
    public async Task It_speaks_French_and_Spanish(string page, string language)
    {
        await using var watcher = await OpenAsync(page, language, Look.Usual with { Language = language });

        Assert.Equal((language, "ltr"), (await watcher.Page.Locator("html").GetAttributeAsync("lang"), await watcher.Page.Locator("html").GetAttributeAsync("dir")));
    }

    private async Task<Watcher> OpenAsync(string page, string folder, Look look)
    {
        var (who, address, picture) = DashboardPages.Of(page, house);
        var watcher = await house.Watch.EnterAsync(chromium, who, look);
        var response = await watcher.GoAsync(address);
        await watcher.PictureAsync(folder, picture);
        Assert.Equal(200, response.Status);
        watcher.AssertQuiet();
        return watcher;
    }
}
