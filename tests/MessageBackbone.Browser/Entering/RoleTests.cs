using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Browser.Entering;

/// <summary>What a role may not see is refused, page by page; what it may see is in its menu.</summary>
[Collection(WatchedHouse.Name)]
public sealed class RoleTests(WatchedHouse house, Chromium chromium)
{
    private static readonly string[] OfOperatorsAlone =
    [
        "wall", "alarms", "traffic", "parts", "operations", "operations/redeliver", "operations/quarantine", "operations/rebuild", "operations/lanes", "operations/drain",
    ];

    private static readonly string[] OfReaders = ["messages", "messages/x", "conversations/x", "requests"];

    private static readonly string[] OfEverybody = ["directory", "directory/DE", "directory/certificates", "directory/topics", "directory/policy", "directory/changes"];

    public static TheoryData<HolderRole, string> Refused =>
    [
        .. OfOperatorsAlone.Append("revoke").Select(page => (HolderRole.Auditor, page)),
        .. OfOperatorsAlone.Concat(OfReaders).Select(page => (HolderRole.Secretariat, page)),
        (HolderRole.Operator, "revoke"),
    ];

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_page_of_another_role_is_refused(HolderRole role, string page)
    {
        await using var watcher = await house.Watch.EnterAsync(chromium, Of(role));

        var answer = await watcher.Context.APIRequest.GetAsync(watcher.At(page), new() { Headers = [new("Accept", "text/html")] });

        Assert.Equal(403, answer.Status);
        Assert.Contains(Said.As("away.forbidden"), await answer.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_page_says_so_and_leads_to_where_the_role_begins()
    {
        await using var watcher = await house.Watch.EnterAsync(chromium, Watch.Auditor);

        Assert.Equal(403, (await watcher.GoAsync("operations")).Status);
        await watcher.PictureAsync("light", "refused");
        await watcher.AssertAccessibleAsync();
        await watcher.Page.Locator("main p a").ClickAsync();

        await Assertions.Expect(watcher.Page.Locator("h1")).ToHaveTextAsync(Said.As("menu.messages"));
    }

    [Theory]
    [InlineData(HolderRole.Auditor, "messages requests directory", "messages")]
    [InlineData(HolderRole.Secretariat, "directory revoke", "directory")]
    [InlineData(HolderRole.Operator, "board alarms traffic parts messages requests operations directory", "")]
    public async Task A_role_begins_at_its_page_and_its_menu_holds_what_it_may_see(HolderRole role, string menu, string begins)
    {
        await using var watcher = await house.Watch.EnterAsync(chromium, Of(role));

        await watcher.GoAsync("");

        Assert.Equal(watcher.At(begins), watcher.Page.Url);
        Assert.Equal(menu.Split(' ').Select(entry => Said.As($"menu.{entry}")), (await watcher.Page.Locator("header .menu a").AllInnerTextsAsync()));
        watcher.AssertQuiet();
    }

    [Fact]
    public async Task The_directory_is_everybodys()
    {
        foreach (var role in (HolderRole[])[HolderRole.Auditor, HolderRole.Secretariat, HolderRole.Operator])
        {
            await using var watcher = await house.Watch.EnterAsync(chromium, Of(role));
            foreach (var page in OfEverybody) Assert.Equal(200, (await watcher.Context.APIRequest.GetAsync(watcher.At(page))).Status);
        }
    }

    [Fact]
    public async Task Who_came_by_a_link_changes_between_its_roles_and_leaves()
    {
        await using var watcher = await Watcher.OpenAsync(chromium, house.Watch.Plain);
        await watcher.Page.GotoAsync(house.Watch.Link(Watch.Operator, Watch.Secretariat).ToString());

        await watcher.Page.Locator(".prefs summary").ClickAsync();
        await watcher.PictureAsync("light", "preferences");
        await watcher.Page.GetByRole(AriaRole.Button, new() { Name = Said.As("frame.change-role", Said.As("role.secretariat")) }).ClickAsync();
        await Assertions.Expect(watcher.Page.Locator("h1")).ToHaveTextAsync(Said.As("menu.directory"));
        await watcher.Page.Locator(".prefs summary").ClickAsync();
        await watcher.Page.GetByRole(AriaRole.Button, new() { Name = Said.As("frame.leave") }).ClickAsync();

        await Assertions.Expect(watcher.Page.Locator("h1")).ToHaveTextAsync(Said.As("away.title"));
    }

    private static Holder Of(HolderRole role) => role switch
    {
        HolderRole.Auditor => Watch.Auditor,
        HolderRole.Secretariat => Watch.Secretariat,
        _ => Watch.Operator,
    };
}
