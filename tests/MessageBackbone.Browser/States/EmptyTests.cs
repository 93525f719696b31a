using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;

namespace MessageBackbone.Browser.States;

/// <summary>A node on its first day: nothing was done yet, and every page says what there is to do.</summary>
public sealed class EmptyTests(Chromium chromium)
{
    [Fact]
    public async Task With_no_bureau_yet_every_page_says_so_and_the_first_one_appears_by_itself()
    {
        await using var watch = await Watch.OpenAsync(null);
        await using var watcher = await watch.EnterAsync(chromium);
        foreach (var page in (string[])["wall", "alarms", "traffic", "messages", "requests", "operations/quarantine", "operations/lanes", "directory", "directory/topics", "directory/policy", ""])
        {
            Assert.Equal(200, (await watcher.GoAsync(page)).Status);
            await watcher.PictureAsync("empty", page.Length == 0 ? "board" : page);
            await watcher.AssertAccessibleAsync();
        }

        watcher.AssertQuiet();
        await Assertions.Expect(watcher.Page.Locator(".empty")).ToContainTextAsync(Said.As("board.no-bureaus"));

        await watch.House.RegisterAsync("FR");

        await Assertions.Expect(watcher.Page.Locator(".matrix tbody tr")).ToHaveCountAsync(1);
    }
}
