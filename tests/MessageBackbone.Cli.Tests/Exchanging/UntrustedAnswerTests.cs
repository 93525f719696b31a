using System.Text.Json;

namespace MessageBackbone.Cli.Tests.Exchanging;

/// <summary>What the commands make of a gateway that is not ours, is broken or lies.</summary>
public sealed class UntrustedAnswerTests : IDisposable
{
    private const string Id = "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55";
    private const string Token = "0123456789abcdef0123456789abcdef";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Hostile_text_is_neutralised_on_the_terminal_wherever_it_stands()
    {
        const string Evil = "a\u001b[2J\u202Eb\u009b1m";
        await using var gateway = await StandInGateway.StartAsync(
            _ => (200, "application/json", JsonSerializer.Serialize(Opened(Evil, "line\n" + Evil))));

        var run = await RunAsync(gateway, "inbox", "open", Id);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("line\na\uFFFD[2J\uFFFDb\uFFFD1m", run.Output);
        Assert.DoesNotContain(run.Output + run.Error, c => c is '\u001b' or '\u202E' or '\u009b');
    }

    [Fact]
    public async Task A_problem_is_one_line_whatever_it_holds()
    {
        await using var gateway = await StandInGateway.StartAsync(_ =>
            (422, "application/problem+json", """{"reason": "NOT\nGOOD", "detail": "first\nsecond \u001b[31m", "fields": ["to[0]", "a\u001b"]}"""));

        var run = await RunAsync(gateway, "track", Id);

        Assert.Equal(1, run.ExitCode);
        Assert.Equal("backbone: NOT\uFFFDGOOD: first\uFFFDsecond \uFFFD[31m (to[0], a\uFFFD)\n", run.Error);
    }

    [Theory]
    [InlineData("text/html", "<html>")]
    [InlineData("application/json", "{\"messages\": null}")]
    [InlineData("application/json", "[]")]
    [InlineData("application/json", "{\"messages\": [{}]}")]
    public async Task An_answer_that_is_no_gateways_is_named_as_such(string type, string body)
    {
        await using var gateway = await StandInGateway.StartAsync(_ => (200, type, body));

        var run = await RunAsync(gateway, "inbox");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("backbone: The answer is none of a gateway's local API.", run.Error);
    }

    [Fact]
    public async Task A_server_with_another_certificate_gets_nothing_at_all()
    {
        await using var real = await StandInGateway.StartAsync(_ => (200, "application/json", "{}"));
        await using var other = await StandInGateway.StartAsync(_ => (200, "application/json", "{}"));

        var run = await CommandRun.OfAsync("send", "--to", "DE", "--text", "x", "--gateway", other.Address.ToString(),
            "--gateway-cert", _folder.Write("real.pem", real.CertificatePem), "--token", TokenFile());

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("does not show the certificate of", run.Error);
        Assert.Contains("nothing was sent to it", run.Error);
        Assert.Empty(other.Asked);
    }

    [Fact]
    public async Task Waiting_for_a_message_that_the_node_refuses_fails_with_the_reason()
    {
        await using var gateway = await StandInGateway.StartAsync(
            asked => (200, "application/json", asked.StartsWith("POST", StringComparison.Ordinal)
            ? $$"""{"message_id": "{{Id}}", "status": "/messages/{{Id}}"}"""
            : """
              {"sent": {"state": "refused", "reason": "EXCHANGE_NOT_PERMITTED", "text": "Not to DE.", "replaced_by": "", "replaces": "",
                "queued_at": "2026-11-23T10:00:00Z"}, "node_problem": ""}
              """));

        var run = await RunAsync(gateway, "send", "--to", "DE", "--text", "x", "--wait");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("was refused: EXCHANGE_NOT_PERMITTED: Not to DE.", run.Output);
    }

    private Task<CommandRun> RunAsync(StandInGateway gateway, params string[] args) => CommandRun.OfAsync(
        [.. args, "--gateway", gateway.Address.ToString(),
            "--gateway-cert", _folder.Write("local-api.pem", gateway.CertificatePem), "--token", TokenFile()]);

    private string TokenFile()
    {
        var path = _folder.Write("token", Token);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    private static object Opened(string evil, string text) => new
    {
        header = new
        {
            message_id = Id,
            from = evil,
            to = new[] { evil },
            info = Array.Empty<string>(),
            precedence = evil,
            kind = evil,
            conversation = evil,
            in_reply_to = evil,
            reference = evil,
            created_at = "2026-11-23T10:00:00Z",
            handling = new { classification = evil, codes = new[] { evil }, purpose = evil, legal_basis = evil },
            form = evil,
            topic = evil,
            exercise = false,
            language = evil,
            deadline_class = evil,
        },
        subject = evil,
        text,
        handling_note = evil,
        first_opening = true,
        file = new { name = evil, media_type = evil, data = "AAAA" },
    };
}
