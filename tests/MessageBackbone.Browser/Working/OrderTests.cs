using System.Text.Json.Nodes;
using Google.Protobuf;
using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;

namespace MessageBackbone.Browser.Working;

/// <summary>Orders: a wrong word does nothing, the right one records the event that was shown.</summary>
[Collection(WatchedHouse.Name)]
public sealed class OrderTests(WatchedHouse house, Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_delivery_is_ordered_again()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync($"messages/{house.Opened}");
        await watcher.Page.GetByRole(AriaRole.Link, new() { Name = "Redeliver" }).ClickAsync();
        await watcher.Page.GetByRole(AriaRole.Button, new() { Name = "Look what it would do" }).ClickAsync();

        await OrderAsync(watcher, "REDELIVER DE", "delivery.redelivery-ordered.v1");

        await Assertions.Expect(watcher.Page.Locator(".done")).ToContainTextAsync("presented again as a possible duplicate");
        await watcher.PictureAsync("light", "order-done");
    }

    [Fact]
    public async Task What_was_kept_apart_is_released()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("operations/quarantine");
        await watcher.Page.GetByRole(AriaRole.Link, new() { Name = "Release" }).First.ClickAsync();

        await OrderAsync(watcher, "RELEASE IT", "delivery.released.v1");
        await KeepsApart.OneAsync(house.House, house.House["IT"]);
    }

    [Fact]
    public async Task A_lane_is_rebuilt_at_the_broker()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("operations/lanes");
        await watcher.Page.Locator("a[href='operations/lanes?bureau=GB&precedence=immediate']").ClickAsync();
        await Assertions.Expect(watcher.Page.Locator(".caution")).ToContainTextAsync("would be published again");

        await TypeAsync(watcher, "REBUILD GB");
        await Assertions.Expect(watcher.Page.Locator(".refusal")).ToContainTextAsync("Nothing was done");
        await TypeAsync(watcher, "REBUILD GB IMMEDIATE");

        await Assertions.Expect(watcher.Page.Locator(".done")).ToContainTextAsync("are published again");
    }

    [Fact]
    public async Task The_node_is_drained_and_takes_messages_again()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("operations/drain");

        await OrderAsync(watcher, "DRAIN", "operations.drain-ordered.v1");
        await watcher.GoAsync("");
        await Assertions.Expect(watcher.Page.Locator(".alarm-strip")).ToContainTextAsync("The node takes no new messages");
        await watcher.PictureAsync("light", "draining");
        await watcher.GoAsync("operations/drain");
        await OrderAsync(watcher, "END DRAIN", "operations.drain-ended.v1");

        await watcher.GoAsync("");
        await Assertions.Expect(watcher.Page.Locator(".alarm-strip")).Not.ToContainTextAsync("The node takes no new messages");
    }

    private static async Task TypeAsync(Watcher watcher, string word)
    {
        await watcher.Page.Locator("#confirm").FillAsync(word);
        await watcher.Page.Locator("button.danger").ClickAsync();
    }

    /// <summary>First with a wrong word, then with the right one; what is recorded then is what was shown.</summary>
    private async Task OrderAsync(Watcher watcher, string word, string type)
    {
        var before = await house.House.CountAsync(type);
        await TypeAsync(watcher, word.ToLowerInvariant());
        await Assertions.Expect(watcher.Page.Locator(".refusal")).ToContainTextAsync($"type {word} exactly. Nothing was done.");
        Assert.Equal(before, await house.House.CountAsync(type));
        var shown = await watcher.Page.Locator("section.sheet pre").InnerTextAsync();

        await TypeAsync(watcher, word);

        await Assertions.Expect(watcher.Page.Locator(".done")).ToBeVisibleAsync();
        Assert.Equal(before + 1, await house.House.CountAsync(type));
        Assert.Equal(WithoutTimes(shown), WithoutTimes(await LastAsync(type)));
    }

    private async Task<string> LastAsync(string type)
    {
        IMessage? last = null;
        await foreach (var batch in house.House.Log.ReadAllAsync(LogPosition.Start, Cancel))
            foreach (var recorded in batch.Where(recorded => recorded.Type == type)) last = EventTypes.Parse(recorded.Type, recorded.Data);
        return new JsonFormatter(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true)).Format(last);
    }

    // Looked at a moment before it is ordered: the times differ by that moment.
    private static string WithoutTimes(string json)
    {
        var fields = JsonNode.Parse(json)!.AsObject();
        foreach (var name in (string[])["at", "expires_at"]) fields.Remove(name);
        return string.Join('\n', fields.Select(field => $"{field.Key}: {field.Value?.ToJsonString()}").Order(StringComparer.Ordinal));
    }
}
