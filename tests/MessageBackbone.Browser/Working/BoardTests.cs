using System.Globalization;
using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.V1;

namespace MessageBackbone.Browser.Working;

/// <summary>The board moves by itself, and its numbers lead to the messages that they count.</summary>
[Collection(WatchedHouse.Name)]
public sealed class BoardTests(WatchedHouse house, Chromium chromium)
{
    private static readonly string[] Figures = ["delivered", "opened"];

    [Fact]
    public async Task It_moves_when_a_message_is_delivered_and_the_page_is_not_loaded_again()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("");
        var delivered = Delivered(watcher, "ES");
        var before = await NumberAsync(delivered);
        await watcher.Page.EvaluateAsync("() => { window.sameDocument = true; }");

        await house.SendAsync("FR", "ES", Precedence.Priority);

        await Assertions.Expect(delivered).ToHaveTextAsync(Text(before + 1));
        Assert.True(await watcher.Page.EvaluateAsync<bool>("() => window.sameDocument === true"));
        watcher.AssertQuiet();
    }

    [Fact]
    public async Task However_many_are_delivered_it_is_drawn_once_an_interval()
    {
        const int Messages = 60;
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("");
        var delivered = Delivered(watcher, "ES");
        var (before, drawn) = (await NumberAsync(delivered), watcher.Drawings);

        await Task.WhenAll(Enumerable.Range(0, Messages).Select(_ => house.SendAsync("FR", "ES", Precedence.Routine)));
        await Assertions.Expect(delivered).ToHaveTextAsync(Text(before + Messages));

        // Each of them changes the board three times: accepted, presented, receipted.
        Assert.InRange(watcher.Drawings - drawn, 1, Messages);
    }

    [Fact]
    public async Task A_number_leads_to_as_many_messages()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("");
        var number = watcher.Page.Locator("a.big[href='messages?recipient=GB&precedence=immediate&state=waiting']");
        var count = await NumberAsync(number);

        await number.ClickAsync();

        await Assertions.Expect(watcher.Page.Locator("tbody a[href^='messages/']")).ToHaveCountAsync(count);
        Assert.Equal("GB", await watcher.Page.Locator("#s-recipient").InputValueAsync());
        await Assertions.Expect(watcher.Page.Locator($"tbody a[href='messages/{house.Waiting}']")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_tile_leads_to_as_many_messages()
    {
        foreach (var precedence in (string[])["flash", "immediate", "priority", "routine"])
        {
            await using var watcher = await house.Watch.EnterAsync(chromium);
            await watcher.GoAsync("");
            var number = watcher.Page.Locator($".tiles a[href='messages?precedence={precedence}&state=waiting']");
            var count = await NumberAsync(number);

            await number.ClickAsync();

            await Assertions.Expect(watcher.Page.Locator("nav.pager")).ToBeAttachedAsync();
            await Assertions.Expect(watcher.Page.Locator("tbody a[href^='messages/']")).ToHaveCountAsync(count);
        }
    }

    [Theory]
    [InlineData("DE")]
    [InlineData("FR")]
    public async Task What_was_delivered_and_opened_is_counted_as_it_is_found(string bureau)
    {
        foreach (var state in Figures)
        {
            await using var watcher = await house.Watch.EnterAsync(chromium);
            await watcher.GoAsync("");
            var figure = watcher.Page.Locator($"a[href='messages?recipient={bureau}&state={state}']");
            var count = await NumberAsync(figure);

            await figure.ClickAsync();

            await Assertions.Expect(watcher.Page.Locator("tbody a[href^='messages/']")).ToHaveCountAsync(count);
        }
    }

    [Fact]
    public async Task An_exercise_is_marked_wherever_it_stands()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);

        await watcher.GoAsync("messages?exercise=true&recipient=FR");
        await Assertions.Expect(watcher.Page.Locator("tr.exercise-row")).ToHaveCountAsync(1);
        await Assertions.Expect(watcher.Page.Locator("tr.exercise-row .tag.exercise")).ToHaveTextAsync(Said.As("search.exercise"));
        await watcher.GoAsync($"messages/{house.Exercise}");
        await Assertions.Expect(watcher.Page.Locator("main > .tag.exercise")).ToHaveTextAsync(Said.As("exercise.message"));
    }

    [Fact]
    public async Task An_exercise_that_waits_is_a_tag_at_its_bureau_which_leads_to_it()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium);
        await watcher.GoAsync("");
        var tag = watcher.Page.Locator("tr", new() { Has = watcher.Page.Locator("a[href='directory/GB']") }).Locator("a.tag.exercise");
        await Assertions.Expect(tag).ToHaveCountAsync(0);

        var id = await house.SendAsync("FR", "GB", Precedence.Routine, draft => draft with { Exercise = true });
        await Assertions.Expect(tag).ToHaveTextAsync(Said.As("exercise.count", 1));
        await tag.ClickAsync();

        await Assertions.Expect(watcher.Page.Locator("tbody a[href^='messages/']")).ToHaveCountAsync(1);
        await Assertions.Expect(watcher.Page.Locator($"tr.exercise-row a[href='messages/{id}']")).ToBeVisibleAsync();
    }

    private static ILocator Delivered(Watcher watcher, string bureau) => watcher.Page.Locator($"a[href='messages?recipient={bureau}&state=delivered']");

    private static async Task<int> NumberAsync(ILocator figure) =>
        int.Parse(string.Concat((await figure.InnerTextAsync()).Where(char.IsAsciiDigit)), CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
