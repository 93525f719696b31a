using System.Text;
using System.Text.Json;
using MessageBackbone.Gateway;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Tests.Exchanging;

/// <summary>The officer's commands against real gateways and a real node.</summary>
public sealed class ExchangeTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>
{
    [Fact]
    public async Task A_message_is_sent_listed_opened_and_tracked_to_its_verified_receipts()
    {
        var id = await house.SendAsync("FR", "DE", "--precedence", "flash", "--subject", "Disparition",
            "--text", "Véhicule vu à 14:05\nA4, direction est",
            "--reference", "FR-2026-17");

        var listed = await house.SucceedAsync("inbox", "--as", "DE", "--precedence", "flash");
        Assert.Contains(id, listed.Output);
        Assert.Contains("FR-2026-17", listed.Output);
        Assert.Contains($"backbone inbox open {id} --as DE", listed.Error);

        var receipted = house.When("DE", happened => happened is GatewayEvent.ReceiptRecorded { Outcome: DeliveryOutcome.Opened });
        var opened = await house.SucceedAsync("inbox", "open", id, "--as", "DE", "--officer", "D-4711");
        Assert.Contains("Disparition", opened.Output);
        Assert.Contains("Véhicule vu à 14:05\nA4, direction est", opened.Output);
        Assert.Contains("for the first time", opened.Output);
        await receipted;

        var tracked = await house.SucceedAsync("track", id, "--as", "FR");
        Assert.Contains("DELIVERED, verified; OPENED by D-4711, verified", tracked.Output);
        Assert.DoesNotContain("NOT VERIFIED", tracked.Output);
    }

    [Fact]
    public async Task Send_prints_the_id_and_the_next_command_which_works()
    {
        var run = await house.SucceedAsync("send", "--as", "FR", "--to", "DE", "--text", "x");

        Assert.Matches(@"\A[0-9a-f-]{36} is in the outbox\. Next: backbone track [0-9a-f-]{36} --as FR\n\z", run.Output);
        var next = run.Output[(run.Output.IndexOf("Next: backbone ", StringComparison.Ordinal) + 15)..].Trim().Split(' ');
        Assert.Contains(next[1], (await house.SucceedAsync(next)).Output);
    }

    [Fact]
    public async Task Waiting_ends_when_every_recipient_has_receipted()
    {
        var run = await house.SucceedAsync("send", "--as", "FR", "--to", "DE", "--info", "ES", "--text", "x", "--wait", "--json");

        var recipients = JsonDocument.Parse(run.Output).RootElement.GetProperty("tracking").GetProperty("recipients").EnumerateArray().ToList();
        Assert.Equal(["DE", "ES"], recipients.Select(r => r.GetProperty("recipient").GetString()).Order());
        Assert.All(recipients, r => Assert.Equal("delivered", r.GetProperty("state").GetString()));
        Assert.All(recipients, r => Assert.True(Assert.Single(r.GetProperty("receipts").EnumerateArray()).GetProperty("verified").GetBoolean()));
    }

    [Fact]
    public async Task An_unknown_bureau_is_refused_in_one_line()
    {
        var run = await house.RunAsync("send", "--as", "FR", "--to", "XX", "--text", "x");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("backbone: UNKNOWN_RECIPIENT: ", run.Error);
        Assert.Contains("(to[0])", run.Error);
        Assert.Equal("", run.Output);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_subject_that_steers_terminals_does_not_leave_the_bureau()
    {
        var run = await house.RunAsync("send", "--as", "FR", "--to", "DE", "--text", "x", "--subject", "a\u001b[2Jb\u202Etxt");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("backbone: FIELD_INVALID: ", run.Error);
        Assert.Contains("content.subject", run.Error);
        Assert.DoesNotContain('\u001b', run.Error);
    }

    [Fact]
    public async Task A_file_comes_back_byte_for_byte_and_nothing_is_overwritten()
    {
        // The most that a message carries: far above what is delivered inline, so the recipient's gateway fetches it.
        var content = new byte[1 << 20];
        new Random(4711).NextBytes(content);
        var (sent, received) = (house.Folder.At("notice.pdf"), house.Folder.At("received.pdf"));
        await File.WriteAllBytesAsync(sent, content, TestContext.Current.CancellationToken);
        var id = await house.SendAsync("FR", "DE", "--file", sent);

        var open = await house.SucceedAsync("inbox", "open", id, "--as", "DE", "-o", received);

        Assert.Contains("notice.pdf (application/pdf, 1 MiB)", open.Output);
        Assert.Equal(content, await File.ReadAllBytesAsync(received, TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(received));
        await File.WriteAllTextAsync(received, "mine", TestContext.Current.CancellationToken);
        var again = await house.RunAsync("inbox", "open", id, "--as", "DE", "-o", received);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("exists already", again.Error);
        Assert.Equal("mine", await File.ReadAllTextAsync(received, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Standard_input_is_the_text()
    {
        var sent = await house.RunWithInputAsync(Encoding.UTF8.GetBytes("行方不明者\n二行目"), "send", "--as", "FR", "--to", "DE", "--wait", "-");
        Assert.True(sent.ExitCode == 0, sent.Error);

        var opened = await house.SucceedAsync("inbox", "open", sent.Output[..36], "--as", "DE");

        Assert.Contains("行方不明者\n二行目", opened.Output);
    }

    [Fact]
    public async Task The_largest_text_passes_in_any_script()
    {
        // Three bytes a letter in UTF-8, and the local API's JSON has to hold it.
        var text = string.Concat(Enumerable.Repeat("語", (1 << 20) / 3));

        var sent = await house.RunWithInputAsync(Encoding.UTF8.GetBytes(text), "send", "--as", "FR", "--to", "DE", "--wait", "-");

        Assert.True(sent.ExitCode == 0, sent.Error);
        var path = house.Folder.At("long.txt");
        await house.SucceedAsync("inbox", "open", sent.Output[..36], "--as", "DE", "-o", path);
        Assert.Equal(text, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_answer_goes_on_with_the_conversation()
    {
        var request = await house.SendAsync("FR", "DE", "--kind", "request", "--text", "Halter?");

        var answer = await house.SendAsync("DE", "FR", "--kind", "answer", "--text", "M.", "--reply-to", request);

        var header = JsonDocument.Parse((await house.SucceedAsync("inbox", "open", answer, "--as", "FR", "--json")).Output)
            .RootElement.GetProperty("header");
        Assert.Equal((request, request), (header.GetProperty("in_reply_to").GetString(), header.GetProperty("conversation").GetString()));
    }

    [Fact]
    public async Task The_inbox_is_filtered()
    {
        var id = await house.SendAsync("ES", "DE", "--kind", "notice.green", "--exercise", "--text", "x");
        await house.SendAsync("FR", "DE", "--kind", "notice.red", "--text", "x");
        string[] filter = ["inbox", "--as", "DE", "--from", "ES", "--kind", "notice.green", "--unopened", "--json"];

        var before = JsonDocument.Parse((await house.SucceedAsync(filter)).Output).RootElement.GetProperty("messages").EnumerateArray().ToList();
        await house.SucceedAsync("inbox", "open", id, "--as", "DE");
        var after = JsonDocument.Parse((await house.SucceedAsync(filter)).Output).RootElement.GetProperty("messages").EnumerateArray();

        Assert.Equal(id, Assert.Single(before).GetProperty("message_id").GetString());
        Assert.Empty(after);
    }

    [Fact]
    public async Task A_topic_reaches_who_subscribed_and_no_longer_who_left()
    {
        await house.SucceedAsync("directory", "topic", "border.alerts", "--allow", "DE,ES");
        Assert.Contains("subscribed to border.alerts", (await house.SucceedAsync("subscribe", "border.alerts", "--as", "DE")).Output);
        await house.SucceedAsync("subscribe", "border.alerts", "--as", "ES");
        await house.SucceedAsync("unsubscribe", "border.alerts", "--as", "ES");

        var run = await house.SucceedAsync("send", "--as", "FR", "--topic", "border.alerts", "--text", "x", "--wait", "--json");

        var recipients = JsonDocument.Parse(run.Output).RootElement.GetProperty("tracking").GetProperty("recipients").EnumerateArray();
        Assert.Equal("DE", Assert.Single(recipients).GetProperty("recipient").GetString());
    }

    [Fact]
    public async Task A_topic_that_was_not_opened_to_the_bureau_is_refused()
    {
        await house.SucceedAsync("directory", "topic", "cyber.indicators", "--allow", "FR");

        var run = await house.RunAsync("subscribe", "cyber.indicators", "--as", "DE");

        Assert.Equal(1, run.ExitCode);
        Assert.Matches(@"\Abackbone: [A-Z_]+: ", run.Error);
    }

    [Fact]
    public async Task A_message_that_is_not_there_is_named_as_such()
    {
        const string Id = "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55";

        var (tracked, opened) = (await house.RunAsync("track", Id, "--as", "FR"), await house.RunAsync("inbox", "open", Id, "--as", "FR"));

        Assert.Equal((1, 1), (tracked.ExitCode, opened.ExitCode));
        Assert.StartsWith("backbone: UNKNOWN_MESSAGE: ", tracked.Error);
        Assert.StartsWith("backbone: UNKNOWN_MESSAGE: ", opened.Error);
    }
}
