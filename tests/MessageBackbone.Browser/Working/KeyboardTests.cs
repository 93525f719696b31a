using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;

namespace MessageBackbone.Browser.Working;

/// <summary>A night shift's work with the keyboard alone.</summary>
[Collection(WatchedHouse.Name)]
public sealed class KeyboardTests(WatchedHouse house, Chromium chromium)
{
    [Fact]
    public async Task The_first_stop_leads_past_the_menu_to_the_content()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("operations");

        await watcher.Page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(watcher.Page.Locator("a.skip")).ToBeFocusedAsync();
        await watcher.PictureAsync("light", "skip-link");
        await watcher.Page.Keyboard.PressAsync("Enter");
        await watcher.Page.Keyboard.PressAsync("Tab");

        await Assertions.Expect(watcher.Page.Locator("main a").First).ToBeFocusedAsync();
    }

    [Fact]
    public async Task A_message_is_searched_for_and_opened()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("");
        var keyboard = new Keyboard(watcher.Page);

        await keyboard.EnterAsync(watcher.Page.Locator("header .menu a[href='messages']"));
        await Assertions.Expect(watcher.Page.Locator("h1")).ToHaveTextAsync(Said.As("menu.messages"));
        await keyboard.TypeAsync(watcher.Page.Locator("#s-reference"), "FR-2031-77");
        await watcher.Page.Keyboard.PressAsync("Enter");
        await watcher.Page.WaitForURLAsync("**/messages?**reference=FR-2031-77**");
        await keyboard.EnterAsync(watcher.Page.Locator($"a[href='messages/{house.Opened}']").First);

        await Assertions.Expect(watcher.Page.Locator("h1")).ToContainTextAsync(house.Opened);
        await Assertions.Expect(watcher.Page.Locator(".timeline .verified").First).ToContainTextAsync("✓");
    }

    [Fact]
    public async Task An_alarm_is_acknowledged()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("alarms");
        var row = watcher.Page.Locator("tr", new() { Has = watcher.Page.Locator("a[href='messages?recipient=GB&state=waiting']") });

        await new Keyboard(watcher.Page).EnterAsync(row.GetByRole(AriaRole.Button));

        await Assertions.Expect(row).ToContainTextAsync("operator-1");
        await watcher.PictureAsync("light", "alarm-acknowledged");
    }

    [Fact]
    public async Task A_read_model_is_rebuilt()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("operations");
        var keyboard = new Keyboard(watcher.Page);

        await keyboard.EnterAsync(watcher.Page.Locator("main a[href='operations/rebuild']"));
        await keyboard.EnterAsync(watcher.Page.Locator("a[href='operations/rebuild?name=board']"));
        await keyboard.TypeAsync(watcher.Page.Locator("#confirm"), "REBUILD board");
        await keyboard.EnterAsync(watcher.Page.Locator("button.danger"));

        await Assertions.Expect(watcher.Page.Locator(".done")).ToBeVisibleAsync();
        watcher.AssertQuiet();
    }
}
