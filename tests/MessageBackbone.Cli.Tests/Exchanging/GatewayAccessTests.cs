using MessageBackbone.Cli.Addresses;

namespace MessageBackbone.Cli.Tests.Exchanging;

/// <summary>How a command finds the gateway, knows it, and shows who it is.</summary>
public sealed class GatewayAccessTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>
{
    [Fact]
    public async Task Without_a_demo_the_data_folder_of_the_gateway_is_enough()
    {
        var run = await RunAsync("inbox", "--data", house.GatewayFolder("FR"), "--gateway", Address("FR"));

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("Nothing is in the inbox that fits.", run.Output);
    }

    [Fact]
    public async Task The_bureaus_own_certificate_is_shown_where_there_is_no_token()
    {
        var run = await RunAsync("inbox", "--as", "FR", "--pki", house.Pki, "--gateway", Address("FR"), "--gateway-cert", Pem("FR"));

        Assert.True(run.ExitCode == 0, run.Error);
    }

    [Fact]
    public async Task Another_bureaus_certificate_is_not_accepted()
    {
        var run = await RunAsync("inbox", "--as", "ES", "--pki", house.Pki, "--gateway", Address("FR"), "--gateway-cert", Pem("FR"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("may not accept the certificate of ES", run.Error);
    }

    [Fact]
    public async Task Another_bureaus_token_is_not_accepted()
    {
        var run = await RunAsync("inbox", "--gateway", Address("FR"), "--gateway-cert", Pem("FR"), "--token", Token("DE"));

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("backbone: NOT_AUTHENTICATED: ", run.Error);
        Assert.Contains("--token", run.Error);
    }

    [Fact]
    public async Task Another_gateways_certificate_is_not_accepted()
    {
        var run = await RunAsync("inbox", "--gateway", Address("FR"), "--gateway-cert", Pem("DE"), "--token", Token("FR"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("does not show the certificate of", run.Error);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    public async Task A_token_file_that_others_can_read_is_not_used(UnixFileMode besides)
    {
        var path = house.Folder.Write($"token-{besides}", await File.ReadAllTextAsync(Token("FR"), TestContext.Current.CancellationToken));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | besides);

        var run = await RunAsync("inbox", "--gateway", Address("FR"), "--gateway-cert", Pem("FR"), "--token", path);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("can be read by others", run.Error);
        Assert.Contains("chmod 600", run.Error);
    }

    [Fact]
    public async Task A_gateway_that_does_not_run_is_said_to_be_unreachable()
    {
        var run = await RunAsync("inbox", "--gateway", "https://127.0.0.1:1", "--gateway-cert", Pem("FR"), "--token", Token("FR"));

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("backbone: No gateway answers at https://127.0.0.1:1", run.Error);
        Assert.Contains("Is it running, and is --gateway its address?", run.Error);
    }

    [Fact]
    public async Task Several_bureaus_in_a_demo_want_a_choice()
    {
        var run = await house.RunAsync("inbox");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("DE, ES, FR", run.Error);
        Assert.Contains("--as", run.Error);
    }

    [Fact]
    public async Task A_bureau_without_a_gateway_in_the_demo_is_named()
    {
        var run = await house.RunAsync("inbox", "--as", "GB");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("runs no gateway of GB", run.Error);
    }

    [Fact]
    public async Task A_certificate_file_that_is_none_is_named()
    {
        var (missing, garbage) = (await RunAsync("inbox", "--as", "FR", "--gateway-cert", house.Folder.At("nowhere.pem")),
            await RunAsync("inbox", "--as", "FR", "--gateway-cert", house.Folder.Write("garbage.pem", "no certificate")));

        Assert.Equal((1, 1), (missing.ExitCode, garbage.ExitCode));
        Assert.Contains("does not exist", missing.Error);
        Assert.Contains("holds no certificate", garbage.Error);
    }

    [Fact]
    public async Task A_demo_that_was_stopped_is_named_as_such()
    {
        var stopped = house.Folder.At("stopped demo");
        Directory.CreateDirectory(stopped);
        (DemoFile.Read(house.Data)! with { StoppedAt = TimeProvider.System.GetUtcNow() }).Write(stopped);

        var run = await CommandRun.OfAsync("inbox", "--as", "FR", "--data", stopped);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("was stopped at", run.Error);
        Assert.Contains("'backbone demo'", run.Error);
    }

    [Fact]
    public async Task The_next_command_goes_to_the_same_gateway_in_the_same_way()
    {
        string[] told = ["--gateway", Address("FR"), "--gateway-cert", Pem("FR"), "--token", Token("FR")];

        var run = await RunAsync(["send", "--to", "DE", "--text", "x", .. told]);

        Assert.True(run.ExitCode == 0, run.Error);
        var next = run.Output[(run.Output.IndexOf("Next: backbone ", StringComparison.Ordinal) + 15)..].Trim().Split(' ');
        Assert.Equal(told, next[2..]);
        Assert.Equal(0, (await RunAsync(next)).ExitCode);
    }

    // Outside of the demo: nothing but what the arguments say.
    private Task<CommandRun> RunAsync(params string[] args) =>
        CommandRun.WithAsync(new Dictionary<string, string> { ["BACKBONE_DATA"] = house.Folder.At("nothing-here") }, args);

    private string Address(string bureau) => house[bureau].LocalAddress.ToString();

    private string Pem(string bureau) => Path.Combine(house.GatewayFolder(bureau), "local-api.pem");

    private string Token(string bureau) => Path.Combine(house.GatewayFolder(bureau), "local-api.token");
}
