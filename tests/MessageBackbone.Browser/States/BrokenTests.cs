using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.EventLog;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Browser.States;

/// <summary>What the pages show when something is broken, and that they say what to do.</summary>
public sealed class BrokenTests(Chromium chromium)
{
    private const string Damaged = "its file is damaged; rebuild it";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_broker_that_went_down_is_an_alarm_and_a_red_part_until_it_is_back()
    {
        await using var own = await RabbitMqFixture.StartOwnAsync(Cancel);
        await using var watch = await Watch.OpenAsync(options => options.RabbitMq = own.Broker.Address.ToString(), "FR");
        await using var watcher = await watch.EnterAsync(chromium);
        await watcher.GoAsync("parts");
        var transport = watcher.Page.Locator("tr", new() { HasTextString = Said.As("part.transport") });
        await Assertions.Expect(transport.Locator(".good")).ToBeVisibleAsync(new() { Timeout = 60_000 });

        await own.Broker.KillAsync();

        await Assertions.Expect(transport.Locator(".bad")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await LookAsync(watcher, "parts", "broker-down-parts");
        await LookAsync(watcher, "", "broker-down-board");
        await Assertions.Expect(watcher.Page.Locator(".alarm-strip .urgent")).ToContainTextAsync("rabbitmq");
        await LookAsync(watcher, "alarms", "broker-down-alarms");
        await Assertions.Expect(watcher.Page.Locator("tr.urgent")).ToContainTextAsync(Said.As("alarm.transport.next"));
        await LookAsync(watcher, "operations/lanes", "broker-down-lanes");
        watch.House.Logs.Forget();
    }

    [Fact]
    public async Task A_read_model_that_cannot_go_on_is_an_alarm_that_says_which_one_and_why()
    {
        await using var watch = await Watch.OpenAsync(null, "FR");
        await using var watcher = await watch.EnterAsync(chromium);
        await watcher.GoAsync("");
        var now = watch.House.Clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);

        // No node writes such an event: a disk does, or a hand.
        await watch.House.Log.AppendAsync(
            StreamId.Message(id.ToString()), ExpectedRevision.NoStream, [new NewEvent(id, "message.accepted.v1", new byte[] { 0xFF, 0x01 }, Array.Empty<byte>(), now)], Cancel);

        await Assertions.Expect(watcher.Page.Locator(".asof .bad").First).ToBeVisibleAsync();
        foreach (var page in (string[])["", "alarms", "parts", "operations/rebuild", "messages", "traffic"]) await LookAsync(watcher, page, $"stopped-{page}");
        watch.House.Logs.Forget();
        await watch.House.StopAsync();
        watch.House.Logs.Forget();
    }

    [Fact]
    public async Task A_read_model_whose_file_is_damaged_is_said_until_it_is_rebuilt()
    {
        await using var watch = await Watch.OpenAsync(null, "FR", "DE");
        await using var gateways = new Gateways(watch.House);
        await gateways.AttendAsync("FR");
        await SendAsync(gateways);
        await watch.House.Node.Services.GetRequiredService<ReadModels>().CatchUpAsync(Cancel);
        await watch.House.StopAsync();
        await DamageAsync(Path.Combine(watch.House.Options.DataFolder, "read-models", "board.db"));
        await watch.House.RestartAsync();
        await using var watcher = await watch.EnterAgainAsync(chromium);

        await LookAsync(watcher, "", "damaged-board");
        await Assertions.Expect(watcher.Page.Locator(".refusal")).ToContainTextAsync(Damaged);
        await Assertions.Expect(watcher.Page.Locator(".tiles")).ToHaveCountAsync(0);
        await LookAsync(watcher, "parts", "damaged-parts");
        var broken = watcher.Page.Locator("tr", new() { Has = watcher.Page.Locator(".bad") });
        await Assertions.Expect(broken).ToContainTextAsync([$"{Said.As("part.board")} ▲ no {Damaged}"]);
        await LookAsync(watcher, "alarms", "damaged-alarms");
        await Assertions.Expect(watcher.Page.Locator("tr.urgent")).ToContainTextAsync(Said.As("alarm.follower.next"));

        await RebuildAsync(watcher, "board");

        await watcher.GoAsync("");
        await Assertions.Expect(watcher.Page.Locator(".tiles a[href='messages?precedence=flash&state=waiting']")).ToHaveTextAsync("1");
        await Assertions.Expect(watcher.Page.Locator(".asof .bad")).ToHaveCountAsync(0);
        watch.House.Logs.Forget();
    }

    [Fact]
    public async Task A_certificate_that_ends_soon_and_one_that_has_ended_are_alarms()
    {
        await using var watch = await Watch.OpenAsync(null, "FR");
        watch.House.Clock.Advance(TimeSpan.FromDays(805));
        await using var watcher = await watch.EnterAsync(chromium);
        await watcher.GoAsync("alarms");
        await Assertions.Expect(watcher.Page.Locator("tbody")).ToContainTextAsync(Said.As("alarm.certificateends.next"));
        await LookAsync(watcher, "alarms", "certificate-ends-alarms");
        await LookAsync(watcher, "directory/certificates", "certificate-ends-directory");

        watch.House.Clock.Advance(TimeSpan.FromDays(30));

        await using var later = await watch.EnterAgainAsync(chromium);
        await later.GoAsync("alarms");
        await Assertions.Expect(later.Page.Locator("tbody")).ToContainTextAsync(Said.As("alarm.certificateended.next"));
        await LookAsync(later, "alarms", "certificate-ended-alarms");
        await LookAsync(later, "directory/FR", "certificate-ended-bureau");
        await LookAsync(later, "", "certificate-ended-board");
        watch.House.Logs.Forget();
    }

    private static Task<string> SendAsync(Gateways gateways) =>
        gateways.SendAsync("FR", new Draft { To = ["DE"], Text = "Vehicle crossed the border at 14:05", Precedence = Precedence.Flash });

    private static async Task RebuildAsync(Watcher watcher, string name)
    {
        await LookAsync(watcher, $"operations/rebuild?name={name}", "damaged-rebuild");
        await watcher.Page.Locator("#confirm").FillAsync($"REBUILD {name}");
        await watcher.Page.Locator("button.danger").ClickAsync();
        await Assertions.Expect(watcher.Page.Locator(".done")).ToBeVisibleAsync();
    }

    /// <summary>Writes over all rows and leaves what the file is opened by: its head, its tables' names, its checkpoint.</summary>
    private static async Task DamageAsync(string file)
    {
        const int Page = 4096, Left = 2;
        // Else rows that are still in the log of writes would stand in for what is damaged.
        using (var session = ReadModelSession.Open(file, readOnly: false)) session.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        await using var stream = File.OpenWrite(file);
        stream.Position = Left * Page;
        await stream.WriteAsync(Enumerable.Repeat((byte)0xFF, (int)stream.Length - (Left * Page)).ToArray(), Cancel);
    }

    private static async Task LookAsync(Watcher watcher, string page, string picture)
    {
        Assert.Equal(200, (await watcher.GoAsync(page)).Status);
        await watcher.PictureAsync("broken", picture);
        await watcher.AssertAccessibleAsync();
    }
}
