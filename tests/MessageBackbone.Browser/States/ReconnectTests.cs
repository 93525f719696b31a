using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;

namespace MessageBackbone.Browser.States;

/// <summary>The node is stopped and started again while a page is open.</summary>
public sealed class ReconnectTests(Chromium chromium)
{
    [Fact]
    public async Task The_page_says_that_it_has_no_connection_and_comes_back_by_itself()
    {
        await using var watch = await Watch.OpenAsync(null, "FR");
        await watch.House.AddAsync(Watch.Operator);
        await using var watcher = await watch.EnterWithCertificateAsync(chromium, "operator-1");
        await watcher.GoAsync("");
        var dialog = watcher.Page.GetByRole(AriaRole.Alertdialog, new() { Name = Said.As("reconnect.title") });

        await watch.House.StopAsync();
        await Assertions.Expect(dialog).ToBeVisibleAsync(new() { Timeout = 15_000 });
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button)).ToBeFocusedAsync();
        await watcher.PictureAsync("light", "no-connection");
        await watch.House.RestartAsync();

        await Assertions.Expect(dialog).ToBeHiddenAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(watcher.Page.Locator("h1")).ToHaveTextAsync(Said.As("board.title"));
        await watch.House.RegisterAsync("DE");
        await Assertions.Expect(watcher.Page.Locator("a[href='directory/DE']")).ToBeVisibleAsync();
    }
}
