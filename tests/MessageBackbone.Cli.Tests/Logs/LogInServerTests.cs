using System.Text.Json;
using MessageBackbone.EventStoreStandIn;

namespace MessageBackbone.Cli.Tests.Logs;

/// <summary>A demo whose event log is in an EventStoreDB, and the way of its log out of there and back.</summary>
public sealed class LogInServerTests
{
    [Fact]
    public async Task A_demo_runs_on_a_server_and_goes_on_from_a_copy_of_its_log_in_a_file_and_in_another_server()
    {
        using var folder = new TempFolder();
        await using var server = await StandIn.StartAsync();
        await using var other = await StandIn.StartAsync();
        folder.Write("files/one.txt", "one");

        Assert.Equal("eventstoredb", await DemoAsync(folder, "--eventstore", server.ConnectionString));
        var count = await CopyAsync(folder, server.ConnectionString, folder.At("moved"));
        Assert.Equal(0, (await CopiedAsync(folder, server.ConnectionString, folder.At("moved"))).GetProperty("copied").GetInt64());

        Forget(folder);
        File.Copy(folder.At("moved", "events.db"), folder.At("data", "node", "events.db"));
        Assert.Equal("sqlite", await DemoAsync(folder));
        Assert.True(await CopyAsync(folder, folder.At("data", "node"), other.ConnectionString) > count);

        Forget(folder);
        Assert.Equal("eventstoredb", await DemoAsync(folder, "--eventstore", other.ConnectionString));
    }

    [Theory]
    [InlineData(2, "--to: A connection string begins with esdb://", "log", "copy", "--from", "here", "--to", "http://host")]
    [InlineData(1, "holds no event log", "log", "copy", "--from", "/nowhere/at/all", "--to", "there")]
    [InlineData(2, "--eventstore: 'colour' is no option", "demo", "--eventstore", "esdb://host?colour=red")]
    [InlineData(2, "are the same log", "log", "copy", "--from", "/here", "--to", "/here/")]
    public async Task What_cannot_be_a_log_is_told_before_anything_is_made(int exitCode, string told, params string[] args)
    {
        using var folder = new TempFolder();

        var run = await CommandRun.OfAsync([.. args, "--data", folder.At("data")]);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(told, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.At("data")));
    }

    private static string[] Demo(TempFolder folder) =>
        ["demo", "--exit", "--bureaus", "FR,DE", "--messages", folder.At("files"), "--data", folder.At("data"), "--json", folder.At("summary.json")];

    private static async Task<string?> DemoAsync(TempFolder folder, params string[] more)
    {
        var run = await CommandRun.OfAsync([.. Demo(folder), .. more]);
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        var summary = JsonDocument.Parse(await File.ReadAllTextAsync(folder.At("summary.json"))).RootElement;
        Assert.Equal((1, 0, 0), (summary.GetProperty("accepted").GetInt32(), summary.GetProperty("lost").GetInt32(), summary.GetProperty("shown_twice").GetInt32()));
        return summary.GetProperty("event_log").GetString();
    }

    private static async Task<long> CopyAsync(TempFolder folder, string from, string to) => (await CopiedAsync(folder, from, to)).GetProperty("compared").GetInt64();

    private static async Task<JsonElement> CopiedAsync(TempFolder folder, string from, string to)
    {
        var run = await CommandRun.OfAsync("log", "copy", "--from", from, "--to", to, "--data", folder.At("data"), "--json");
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        return JsonDocument.Parse(run.Output).RootElement;
    }

    // What the command says: both are made again from the log.
    private static void Forget(TempFolder folder)
    {
        foreach (var file in Directory.GetFiles(folder.At("data", "node"), "plan.db*")) File.Delete(file);
        Directory.Delete(folder.At("data", "node", "read-models"), recursive: true);
    }
}
