using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.Node.Routing;
using ProcessHouse = MessageBackbone.EndToEnd.Processes.House;

namespace MessageBackbone.Browser.States;

/// <summary>The node is stopped or killed, and started again, while a page is open.</summary>
public sealed class ReconnectTests(Chromium chromium)
{
    [Fact]
    public async Task The_page_says_that_it_has_no_connection_and_comes_back_by_itself()
    {
        await using var watch = await Watch.OpenAsync(null, "FR");
        await watch.House.AddAsync(Watch.Operator);
        await using var watcher = await watch.EnterWithCertificateAsync(chromium, "operator-1");
        await watcher.GoAsync("");
        var dialog = Dialog(watcher);

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

    [Fact]
    public async Task After_the_nodes_process_was_killed_and_started_again_the_numbers_are_right_and_move()
    {
        var dashboard = new Uri($"https://127.0.0.1:{LocalBrokerSetup.FreePort()}");
        await using var house = await ProcessHouse.OpenAsync(null, options => options.Dashboard.Listen = dashboard.Authority, "FR", "DE");
        await house.StartGatewaysAsync("FR");
        await using var watcher = await Watcher.OpenWithCertificateAsync(chromium, dashboard, Path.Combine(house.PkiFolder, "operator-1"));
        await watcher.GoAsync("");
        var (dialog, waiting) = (Dialog(watcher), watcher.Page.Locator(".tiles a[href='messages?precedence=flash&state=waiting']"));
        await SendAsync(house);
        await Assertions.Expect(waiting).ToHaveTextAsync("1");

        await house.Node.KillAsync();
        await Assertions.Expect(dialog).ToBeVisibleAsync(new() { Timeout = 15_000 });
        await house.StartNodeAsync();

        await Assertions.Expect(dialog).ToBeHiddenAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(waiting).ToHaveTextAsync("1");
        await SendAsync(house);
        await Assertions.Expect(waiting).ToHaveTextAsync("2");
    }

    private static ILocator Dialog(Watcher watcher) => watcher.Page.GetByRole(AriaRole.Alertdialog, new() { Name = Said.As("reconnect.title") });

    /// <summary>To a bureau that does not attend: it waits.</summary>
    private static Task<string> SendAsync(ProcessHouse house) =>
        house["FR"].SendAsync(new { to = (string[])["DE"], precedence = "flash", text = "Vehicle crossed the border at 14:05" });
}
