using System.Diagnostics;
using System.Text.Json;
using MessageBackbone.EndToEnd.Processes;

namespace MessageBackbone.EndToEnd.Demo;

/// <summary>What the README tells a new user to type, in processes of their own.</summary>
public sealed class NewUserTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_that_is_sent_to_a_running_demo_is_in_the_inbox_and_opened_and_the_sender_sees_it()
    {
        using var folder = new TempFolder();
        await using var demo = await BackboneProcess.StartAsync(folder.At("demo.txt"), new Dictionary<string, string>(), "demo", "--data", folder.At("data"));

        await CommandAsync(folder, "send", "--as", "FR", "--to", "DE", "--precedence", "flash", "--text", "Vehicle crossed the border at 14:05", "--wait");
        var inbox = JsonDocument.Parse(await CommandAsync(folder, "inbox", "--as", "DE", "--json")).RootElement;
        var id = inbox.GetProperty("messages")[0].GetProperty("message_id").GetString()!;
        var opened = await CommandAsync(folder, "inbox", "open", id, "--as", "DE");
        var tracked = await CommandAsync(folder, "track", id, "--as", "FR");
        var board = await CommandAsync(folder, "ops", "board");

        Assert.Contains("Vehicle crossed the border at 14:05", opened, StringComparison.Ordinal);
        Assert.Contains("DELIVERED, verified", tracked, StringComparison.Ordinal);
        Assert.Contains("flash", board, StringComparison.Ordinal);
        await demo.StopAsync();
        Assert.True(JsonDocument.Parse(await File.ReadAllTextAsync(folder.At("data", "demo.json"), Cancel)).RootElement.TryGetProperty("stopped_at", out _));
    }

    private static async Task<string> CommandAsync(TempFolder folder, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "backbone.dll"), .. args, "--data", folder.At("data")])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var command = Process.Start(start)!;
        var error = command.StandardError.ReadToEndAsync(Cancel);
        var output = await command.StandardOutput.ReadToEndAsync(Cancel);
        await command.WaitForExitAsync(Cancel);
        Assert.True(command.ExitCode == 0, $"{string.Join(' ', args)}: {await error}{output}");
        return output;
    }

    private sealed class TempFolder : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backbone-user-");

        public string At(params string[] parts) => Path.Combine([_folder.FullName, .. parts]);

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
