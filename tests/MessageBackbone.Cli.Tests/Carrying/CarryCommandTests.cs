using System.Text.Json;
using MessageBackbone.Cli.Tests.Exchanging;
using MessageBackbone.Gateway;

namespace MessageBackbone.Cli.Tests.Carrying;

/// <summary>Both sides of carry files by the commands alone.</summary>
public sealed class CarryCommandTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>, IAsyncLifetime
{
    private readonly TempFolder _stick = new();

    public async ValueTask InitializeAsync()
    {
        await house.SucceedAsync("pki", "enrol", "operator-1"); // again adds nothing
        await house.StopGatewayAsync("ES");
        await house.StartWithoutLineAsync("ES");
    }

    public async ValueTask DisposeAsync()
    {
        await house.StopGatewayAsync("ES");
        await house.StartGatewayAsync("ES");
        house.WriteDemoFile();
        _stick.Dispose();
    }

    [Fact]
    public async Task A_message_goes_out_by_file_and_what_became_of_it_comes_back_by_file()
    {
        var received = house.When("DE", happened => happened is GatewayEvent.ReceiptRecorded);
        var id = (await house.SucceedAsync("send", "--as", "ES", "--to", "DE", "--precedence", "flash", "--text", "Hola")).Output[..36];
        Assert.Contains("no line", (await house.SucceedAsync("track", id, "--as", "ES")).Output, StringComparison.Ordinal);

        var written = await house.SucceedAsync("carry", "export", _stick.Root, "--as", "ES");
        var file = Directory.GetFiles(_stick.Root).Single();
        Assert.Matches("ES-to-node-[0-9]{6}.carry$", file);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Contains("1 flash", written.Output, StringComparison.Ordinal);
        Assert.Contains("backbone ops carry import", written.Error, StringComparison.Ordinal);
        var check = await house.SucceedAsync("ops", "carry", "import", file, "--check");
        Assert.Contains("1 flash", check.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was done", check.Output, StringComparison.Ordinal);
        Assert.Contains("1 are new", (await house.SucceedAsync("ops", "carry", "import", file)).Output, StringComparison.Ordinal);
        await received;

        var back = Json(await house.SucceedAsync("ops", "carry", "export", "ES", _stick.At("back.carry"), "--json"));
        Assert.Equal(("to_bureau", 1), (back.GetProperty("direction").GetString(), back.GetProperty("answers").GetInt32()));
        Assert.Equal(_stick.At("back.carry"), back.GetProperty("file").GetString());
        var taken = Json(await house.SucceedAsync("carry", "import", _stick.At("back.carry"), "--as", "ES", "--json"));
        Assert.False(taken.GetProperty("already_imported").GetBoolean());
        var tracked = (await house.SucceedAsync("track", id, "--as", "ES")).Output;
        Assert.Contains("DELIVERED, verified", tracked, StringComparison.Ordinal);
        Assert.Contains("carry file", tracked, StringComparison.Ordinal);
        Assert.Contains("already imported", (await house.SucceedAsync("carry", "import", _stick.At("back.carry"), "--as", "ES")).Output, StringComparison.Ordinal);
        Assert.Contains("already imported", (await house.SucceedAsync("ops", "carry", "import", file)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_written_or_taken_is_told_in_one_line()
    {
        var number = Json(await house.SucceedAsync("carry", "export", _stick.At("one.carry"), "--as", "ES", "--json")).GetProperty("number").GetInt32();
        await house.SucceedAsync("carry", "export", _stick.At("two.carry"), "--as", "ES");
        await house.SucceedAsync("carry", "export", _stick.At("one-again.carry"), "--as", "ES", "--again", $"{number}");
        Assert.Equal(File.ReadAllBytes(_stick.At("one.carry")), File.ReadAllBytes(_stick.At("one-again.carry")));
        var altered = File.ReadAllBytes(_stick.At("one.carry"));
        altered[20] ^= 1;
        File.WriteAllBytes(_stick.At("altered.carry"), altered);

        Assert.Contains("exists already", await FailsAsync(1, "carry", "export", _stick.At("one.carry"), "--as", "ES"), StringComparison.Ordinal);
        Assert.Contains("There is no folder", await FailsAsync(1, "carry", "export", _stick.At("none", "x.carry"), "--as", "ES"), StringComparison.Ordinal);
        Assert.Contains("not kept", await FailsAsync(1, "carry", "export", _stick.Root, "--as", "ES", "--again", "99"), StringComparison.Ordinal);
        Assert.Contains("file " + number + " is awaited", await FailsAsync(1, "ops", "carry", "import", _stick.At("two.carry")), StringComparison.Ordinal);
        Assert.Contains("MALFORMED", await FailsAsync(1, "ops", "carry", "import", _stick.At("altered.carry")), StringComparison.Ordinal);
        Assert.Contains("MALFORMED", await FailsAsync(1, "carry", "import", _stick.At("one.carry"), "--as", "ES"), StringComparison.Ordinal);
        Assert.Contains("There is no file", await FailsAsync(1, "carry", "import", _stick.At("nothing"), "--as", "ES"), StringComparison.Ordinal);
        Assert.Contains("--most", await FailsAsync(2, "carry", "export", _stick.Root, "--as", "ES", "--most", "0"), StringComparison.Ordinal);
        Assert.Contains("--again", await FailsAsync(2, "carry", "export", _stick.Root, "--as", "ES", "--most", "5", "--again", "1"), StringComparison.Ordinal);
        Assert.Equal(4, Directory.GetFiles(_stick.Root).Length);
        // The node takes them in their order, so that the next test begins where this one ended.
        await house.SucceedAsync("ops", "carry", "import", _stick.At("one.carry"));
        await house.SucceedAsync("ops", "carry", "import", _stick.At("two.carry"));
    }

    private async Task<string> FailsAsync(int code, params string[] args)
    {
        var run = await house.RunAsync(args);
        Assert.Equal((code, ""), (run.ExitCode, run.Output));
        Assert.Single(run.Error.Trim().Split('\n'));
        return run.Error;
    }

    private static JsonElement Json(CommandRun run) => JsonDocument.Parse(run.Output).RootElement;
}
