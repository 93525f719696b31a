namespace MessageBackbone.Cli.Tests.Exchanging;

/// <summary>Wrong usage is told before any gateway is asked: none runs here.</summary>
public sealed class UsageTests : IDisposable
{
    private const string Id = "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Nobody is addressed", "send", "--text", "x")]
    [InlineData("A message has one content", "send", "--to", "DE")]
    [InlineData("A message has one content", "send", "--to", "DE", "--text", "x", "-")]
    [InlineData("A message has one content", "send", "--to", "DE", "--text", "x", "--file", "y")]
    [InlineData("is not understood", "send", "--to", "DE", "hello")]
    [InlineData("is no bureau code", "send", "--to", "de", "--text", "x")]
    [InlineData("is no bureau code", "send", "--to", "DE", "--info", "FR,G-B-", "--text", "x")]
    [InlineData("is no topic", "send", "--topic", "Border Alerts", "--text", "x")]
    [InlineData("--precedence", "send", "--to", "DE", "--precedence", "urgent", "--text", "x")]
    [InlineData("is no handling code", "send", "--to", "DE", "--codes", "h9", "--text", "x")]
    [InlineData("--classification and --purpose together", "send", "--to", "DE", "--classification", "restricted", "--text", "x")]
    [InlineData("--classification and --purpose together", "send", "--to", "DE", "--legal-basis", "A-1", "--text", "x")]
    [InlineData("is no message id (--reply-to)", "send", "--to", "DE", "--text", "x", "--reply-to", "17")]
    [InlineData("is no message id (--conversation)", "send", "--to", "DE", "--text", "x", "--conversation", "../inbox")]
    [InlineData("is no time", "send", "--to", "DE", "--text", "x", "--deliver-by", "soon")]
    [InlineData("--limit is 1 to 200", "inbox", "--limit", "0")]
    [InlineData("--limit is 1 to 200", "inbox", "--limit", "201")]
    [InlineData("is no bureau code", "inbox", "--from", "nobody")]
    [InlineData("is no kind", "inbox", "--kind", "Text&order=newest")]
    [InlineData("--precedence", "inbox", "--precedence", "later")]
    [InlineData("is no message id", "inbox", "open", "../../status")]
    [InlineData("is no pseudonym", "inbox", "open", Id, "--officer", "Müller")]
    [InlineData("is no message id", "track", "019350C3-8A6E-7C11-9F6A-2B1F0C7D9E55")]
    [InlineData("'backbone track --help'", "track")]
    [InlineData("is no topic", "subscribe", "a/../b")]
    [InlineData("is no topic", "unsubscribe", "")]
    [InlineData("'backbone subscribe --help'", "subscribe")]
    public async Task Wrong_usage_is_one_line_and_exit_code_2(string told, params string[] args)
    {
        var run = await CommandRun.OfAsync(args);

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("backbone: ", run.Error);
        Assert.Contains(told, run.Error);
        Assert.Equal("", run.Output);
        Assert.Single(run.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_file_above_1_MiB_is_refused_unread()
    {
        var path = _folder.Write("large.bin", "");
        await using (var file = File.OpenWrite(path)) file.SetLength((1 << 20) + 1);

        var run = await CommandRun.OfAsync("send", "--to", "DE", "--file", path);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("at most 1 MiB", run.Error);
    }

    [Theory]
    [InlineData(new byte[] { 0xff, 0xfe, 0x00 }, "is no UTF-8 text")]
    [InlineData(new byte[0], "is empty")]
    public async Task Standard_input_that_is_no_text_is_refused(byte[] input, string told)
    {
        var run = await CommandRun.WithAsync(new Dictionary<string, string>(), input, ["send", "--to", "DE", "-"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(told, run.Error);
    }

    [Fact]
    public async Task Standard_input_above_1_MiB_is_refused()
    {
        var run = await CommandRun.WithAsync(new Dictionary<string, string>(), new byte[(1 << 20) + 1], ["send", "--to", "DE", "-"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("at most 1 MiB", run.Error);
    }

    [Theory]
    [InlineData("nowhere.txt", "does not exist")]
    [InlineData("", "is a folder")]
    public async Task A_file_that_cannot_be_sent_is_named(string name, string told)
    {
        var run = await CommandRun.OfAsync("send", "--to", "DE", "--file", _folder.At(name));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(told, run.Error);
    }

    [Theory]
    [InlineData("send")]
    [InlineData("inbox")]
    [InlineData("inbox", "open")]
    [InlineData("track")]
    [InlineData("subscribe")]
    [InlineData("unsubscribe")]
    public async Task Help_ends_in_examples_that_parse(params string[] command)
    {
        var run = await CommandRun.OfAsync([.. command, "--help"]);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("--gateway-cert", run.Output);
        var examples = run.Output[run.Output.IndexOf("Examples:", StringComparison.Ordinal)..].Split('\n')
            .Where(l => l.StartsWith("  backbone ", StringComparison.Ordinal));
        Assert.NotEmpty(examples);
        foreach (var example in examples) Assert.Empty(Parse(example.Split('<')[0].Trim()["backbone ".Length..]).Errors);
    }

    private static System.CommandLine.ParseResult Parse(string line) =>
        Commands.Tree(Invoking.Shell.OfThisProcess())
            .Parse(System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(line.Replace('\'', '"')).ToArray());
}
