using System.Text;
using System.Text.Json;
using MessageBackbone.Cli.Demo;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Tests.Demo;

public sealed class DemoTests
{
    private static readonly string[] Bureaus = ["FR", "DE", "ES", "GB", "JP"];

    [Fact]
    public async Task The_built_in_sample_reaches_everybody_and_the_summary_says_so()
    {
        using var folder = new TempFolder();

        var run = await CommandRun.OfAsync("demo", "--exit", "--seed", "7", "--data", folder.At("data"), "--json", folder.At("summary.json"));

        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var summary = JsonDocument.Parse(File.ReadAllText(folder.At("summary.json"))).RootElement;
        int Number(string name) => summary.GetProperty(name).GetInt32();
        Assert.Equal((22, 0, 0, 0), (Number("accepted"), Number("refused"), Number("lost"), Number("shown_twice")));
        Assert.Equal(Number("deliveries"), Number("receipts"));
        Assert.True(Number("deliveries") >= 22);
        Assert.Equal(("in-memory", "sqlite"), (summary.GetProperty("transport").GetString(), summary.GetProperty("event_log").GetString()));
        // Of the tree that the demo made by itself of the events it read: null where the log signed another.
        var checkpoint = summary.GetProperty("checkpoint");
        Assert.InRange(checkpoint.GetProperty("size").GetInt32(), 22, Number("events"));
        Assert.Matches("^[0-9a-f]{64}$", checkpoint.GetProperty("root").GetString());
        foreach (var times in (string[])["accept_ms", "end_to_end_ms"])
            Assert.True(summary.GetProperty(times).GetProperty("p99").GetDouble() >= summary.GetProperty(times).GetProperty("p50").GetDouble());
        Assert.Contains("Seed 7", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_run_goes_on_with_the_data_of_the_first()
    {
        using var folder = new TempFolder();
        string[] command = ["demo", "--exit", "--bureaus", "FR,DE", "--messages", folder.At("files"), "--data", folder.At("data"), "--json", folder.At("summary.json")];
        folder.Write("files/one.txt", "one");

        var first = await CommandRun.OfAsync(command);
        var second = await CommandRun.OfAsync(command);

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        // Registrations and enrolments are not made twice: the second run adds what its one message leaves behind, and its reading of the log.
        Assert.DoesNotContain("Making a development PKI", second.Output, StringComparison.Ordinal);
        Assert.Equal(1, JsonDocument.Parse(File.ReadAllText(folder.At("summary.json"))).RootElement.GetProperty("accepted").GetInt32());
    }

    [Fact]
    public async Task A_file_too_large_for_one_message_travels_beside_one_as_an_attachment()
    {
        using var folder = new TempFolder();
        folder.Write("files/largest.bin", new string('x', (1 << 20) - 4096));
        folder.Write("files/larger.bin", new string('x', 3 << 20));

        var run = await CommandRun.OfAsync("demo", "--exit", "--bureaus", "FR,DE", "--messages", folder.At("files"), "--data", folder.At("data"));

        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.DoesNotContain("Left out", run.Output, StringComparison.Ordinal);
        Assert.Contains("2 accepted", run.Output, StringComparison.Ordinal);
        // The demo waited until it was fetched as well.
        var fetched = Assert.Single(Directory.GetFiles(folder.At("data"), "*", SearchOption.AllDirectories), path => path.Contains("/attachments/in/", StringComparison.Ordinal));
        Assert.Equal(3 << 20, new FileInfo(fetched).Length);
    }

    [Theory]
    [InlineData(2, "demo", "--bureaus", "FR")]
    [InlineData(2, "demo", "--bureaus", "FR,no")]
    [InlineData(2, "demo", "--rabbitmq", "localhost")]
    [InlineData(1, "demo", "--messages", "/nowhere/at/all")]
    public async Task What_cannot_be_run_with_is_told_before_anything_starts(int exitCode, params string[] args)
    {
        using var folder = new TempFolder();

        var run = await CommandRun.OfAsync([.. args, "--data", folder.At("data")]);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
        Assert.False(Directory.Exists(folder.At("data")));
    }

    [Theory]
    [InlineData("amqp://user:s%2Fecret@broker.example:5673/house", "amqp://broker.example:5673/house")]
    [InlineData("amqps://user@broker.example/", "amqps://broker.example/")]
    [InlineData(null, null)]
    public void The_brokers_password_is_not_written_down(string? told, string? written) => Assert.Equal(written, DemoHouse.WithoutUser(told));

    [Fact]
    public void A_seed_draws_the_same_again_and_nobody_writes_to_himself()
    {
        DemoItem[] items = [.. Enumerable.Range(0, 200).Select(i => new DemoItem($"{i}.txt", []))];

        var drawn = DemoDraw.Draw(items, Bureaus, 42);
        var again = DemoDraw.Draw(items, Bureaus, 42);

        Assert.Equal(drawn.Select(Shown), again.Select(Shown));
        Assert.NotEqual(drawn.Select(Shown), DemoDraw.Draw(items, Bureaus, 43).Select(Shown));
        Assert.All(drawn, d => Assert.Equal(1 + d.To.Count + d.Info.Count, d.To.Concat(d.Info).Append(d.From).Distinct().Count()));
        Assert.Equal(4, drawn.Select(d => d.Precedence).Distinct().Count());
    }

    [Fact]
    public void An_answer_goes_back_to_who_asked()
    {
        var drawn = DemoDraw.Draw([new DemoItem("a.answer.txt", []), new DemoItem("a.request.txt", [])], Bureaus, 3);

        var (request, answer) = (drawn.Single(d => d.Item.Kind == "request"), drawn.Single(d => d.Item.Kind == "answer"));
        Assert.Equal((request.To[0], request.From, request.Precedence), (answer.From, Assert.Single(answer.To), answer.Precedence));
    }

    [Theory]
    [InlineData("a.txt", "plain", "text", BodyForm.Sealed)]
    [InlineData("a.cap.xml", "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">", "alert.cap", BodyForm.Clear)]
    [InlineData("a.json", "{\"type\": \"bundle\"}", "indicators.stix", BodyForm.Sealed)]
    [InlineData("a.xml", "<x/>", "file", BodyForm.Sealed)]
    [InlineData("a.txt", "with \u0001 control", "file", BodyForm.Sealed)]
    public void A_files_kind_follows_from_its_name_and_content(string name, string content, string kind, BodyForm form)
    {
        var draft = new DemoItem(name, Encoding.UTF8.GetBytes(content)).Draft();

        Assert.Equal((kind, form), (draft.Kind, draft.Form));
        Assert.Equal(content, draft.Text.Length > 0 ? draft.Text : Encoding.UTF8.GetString(draft.Data.Span));
    }

    private static string Shown(Drawn d) => $"{d.Item.Name} {d.From} {string.Join(',', d.To)} {string.Join(',', d.Info)} {d.Precedence}";
}
