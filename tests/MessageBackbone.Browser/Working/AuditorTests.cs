using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.V1;

namespace MessageBackbone.Browser.Working;

/// <summary>An auditor says why he reads before he reads; each reading is recorded with it.</summary>
[Collection(WatchedHouse.Name)]
public sealed class AuditorTests(WatchedHouse house, Chromium chromium)
{
    private const string Type = "access.read.v1";

    [Fact]
    public async Task Nothing_is_shown_before_he_says_why_and_what_he_reads_is_recorded_with_it()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium, Watch.Auditor);
        var before = await house.House.CountAsync(Type);
        await watcher.GoAsync($"messages/{house.Opened}");
        await Assertions.Expect(watcher.Page.Locator("main h2")).ToHaveTextAsync(Said.As("reason.title"));
        Assert.Equal(0, await watcher.Page.Locator(".timeline").CountAsync());

        await SayAsync(watcher, "Because I can", "Complaint 12 of 2031");
        await Assertions.Expect(watcher.Page.Locator(".refusal")).ToHaveTextAsync(Said.As("reason.wrong-purpose"));
        Assert.Equal(before, await house.House.CountAsync(Type));
        await watcher.PictureAsync("light", "reason-refused");
        await SayAsync(watcher, "complaint-review", "Complaint 12 of 2031");

        await Assertions.Expect(watcher.Page.Locator(".timeline .what").First).ToBeVisibleAsync();
        var read = await LastAsync();
        Assert.Equal(
            ("complaint-review", "Complaint 12 of 2031", "urn:backbone:auditor:auditor-1"), (read.Purpose, read.Justification, read.Reader));
        Assert.Contains(house.Opened, read.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await watcher.Page.Locator("a[href^='operations/redeliver']").CountAsync());
    }

    [Fact]
    public async Task Each_search_and_each_conversation_is_a_reading()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium, Watch.Auditor);
        await watcher.GoAsync("messages");
        await SayAsync(watcher, "court-order", "Order 7");
        await Assertions.Expect(watcher.Page.Locator("#s-sender")).ToBeVisibleAsync();
        var before = await house.House.CountAsync(Type);

        await watcher.GoAsync("messages?sender=FR");
        await watcher.GoAsync($"conversations/{house.Conversation}");

        Assert.Equal(before + 2, await house.House.CountAsync(Type));
        Assert.Contains(house.Conversation, (await LastAsync()).ToString(), StringComparison.Ordinal);
    }

    private static async Task SayAsync(Watcher watcher, string purpose, string why)
    {
        await watcher.Page.Locator("#purpose").FillAsync(purpose);
        await watcher.Page.Locator("#justification").FillAsync(why);
        await watcher.Page.Locator("form.fields button").ClickAsync();
    }

    private async Task<HistoryRead> LastAsync()
    {
        HistoryRead? last = null;
        await foreach (var batch in house.House.Log.ReadAllAsync(LogPosition.Start, TestContext.Current.CancellationToken))
            foreach (var recorded in batch.Where(recorded => recorded.Type == Type)) last = (HistoryRead)EventTypes.Parse(recorded.Type, recorded.Data);
        return last!;
    }
}
