using System.Text.Json.Nodes;
using Google.Protobuf;
using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.V1;

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
        await watcher.Page.Locator("a[href^='operations/redeliver?']").ClickAsync();
        await watcher.Page.Locator("form.search button").ClickAsync();

        await OrderAsync(watcher, "REDELIVER DE", "delivery.redelivery-ordered.v1");

        await watcher.PictureAsync("light", "order-done");
    }

    [Fact]
    public async Task What_was_kept_apart_is_released()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("operations/quarantine");
        await watcher.Page.Locator("a[href$='action=release']").First.ClickAsync();

        await OrderAsync(watcher, "RELEASE IT", "delivery.released.v1");
        await KeepsApart.OneAsync(house.House, house.House["IT"]);
    }

    [Fact]
    public async Task What_was_kept_apart_is_refused_and_ends_there()
    {
        var id = await house.SendAsync("FR", "IT", Precedence.Routine);
        await KeepsApart.OneAsync(house.House, house.House["IT"]);
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("operations/quarantine?bureau=IT");
        await watcher.Page.Locator($"a[href$='message={id}&action=refuse']").ClickAsync();

        await OrderAsync(watcher, "REFUSE IT", "delivery.refused-by-operator.v1");

        await watcher.GoAsync($"messages?id={id}");
        await Assertions.Expect(watcher.Page.Locator(".copy.refused")).ToContainTextAsync("IT");
        await watcher.GoAsync("operations/quarantine?bureau=IT");
        await Assertions.Expect(watcher.Page.Locator($"a[href$='message={id}&action=refuse']")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_lane_is_rebuilt_at_the_broker()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("operations/lanes");
        await watcher.Page.Locator("a[href='operations/lanes?bureau=GB&precedence=immediate']").ClickAsync();
        await Assertions.Expect(watcher.Page.Locator(".caution")).ToBeVisibleAsync();

        await TypeAsync(watcher, "REBUILD GB");
        await Assertions.Expect(watcher.Page.Locator(".refusal")).ToHaveTextAsync(Said.As("order.mistyped", "REBUILD GB IMMEDIATE"));
        await TypeAsync(watcher, "REBUILD GB IMMEDIATE");

        await Assertions.Expect(watcher.Page.Locator(".done")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_node_is_drained_and_takes_messages_again()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("operations/drain");

        await OrderAsync(watcher, "DRAIN", "operations.drain-ordered.v1");
        await watcher.GoAsync("");
        await Assertions.Expect(watcher.Page.Locator(".alarm-strip a[href='parts']")).ToBeVisibleAsync();
        await watcher.PictureAsync("light", "draining");
        await watcher.GoAsync("operations/drain");
        await OrderAsync(watcher, "END DRAIN", "operations.drain-ended.v1");

        await watcher.GoAsync("");
        await Assertions.Expect(watcher.Page.Locator(".alarm-strip a[href='parts']")).ToHaveCountAsync(0);
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
        await Assertions.Expect(watcher.Page.Locator(".refusal")).ToHaveTextAsync(Said.As("order.mistyped", word));
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
