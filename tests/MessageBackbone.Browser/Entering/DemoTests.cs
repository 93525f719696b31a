using MessageBackbone.Browser.Driving;
using MessageBackbone.EndToEnd.Processes;

namespace MessageBackbone.Browser.Entering;

/// <summary>A new user's first look: a demo runs, and prints the link that opens its board.</summary>
public sealed class DemoTests(Chromium chromium) : IDisposable
{
    private const string Line = "Dashboard ";

    private static readonly string[] Bureaus = ["DE", "ES", "FR"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backbone-demo-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_link_that_a_demo_prints_opens_the_board_of_its_bureaus_once()
    {
        var log = Path.Combine(_folder.FullName, "demo.txt");
        await using var demo = await BackboneProcess.StartAsync(
            log, new Dictionary<string, string>(), "demo", "--bureaus", string.Join(',', Bureaus), "--data", Path.Combine(_folder.FullName, "data"));
        var link = await PrintedAsync(log);
        await using var first = await Watcher.OpenAsync(chromium, link);
        await using var second = await Watcher.OpenAsync(chromium, link);

        Assert.Equal(200, (await first.GoAsync(link.PathAndQuery[1..])).Status);
        Assert.Equal(401, (await second.GoAsync(link.PathAndQuery[1..])).Status);

        await Assertions.Expect(first.Page.Locator("h1")).ToHaveTextAsync(Said.As("board.title"));
        await Assertions.Expect(first.Page.Locator(".matrix tbody th a[href^='directory/']")).ToHaveTextAsync(Bureaus);
        // What a demo sends is on the board: its messages were delivered before it said that it stays up.
        await Assertions.Expect(first.Page.Locator("a[href$='&state=delivered']").First).Not.ToHaveTextAsync("0");
        first.AssertQuiet();
        await Assertions.Expect(second.Page.Locator("h1")).ToHaveTextAsync(Said.As("away.title"));
        await Assertions.Expect(second.Page.Locator(".why")).ToContainTextAsync("once");
        await demo.StopAsync();
    }

    private static async Task<Uri> PrintedAsync(string log)
    {
        var lines = await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken);
        return new Uri(lines.Single(line => line.StartsWith(Line, StringComparison.Ordinal))[Line.Length..].Split(' ')[0]);
    }
}
