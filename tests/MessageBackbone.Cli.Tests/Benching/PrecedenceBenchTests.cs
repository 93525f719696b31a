using System.Text.Json;

namespace MessageBackbone.Cli.Tests.Benching;

public sealed class PrecedenceBenchTests
{
    [Fact]
    public async Task It_measures_both_phases_in_one_run_and_loses_nothing()
    {
        using var folder = new TempFolder();

        var run = await CommandRun.OfAsync("bench", "precedence", "--waiting", "150", "--samples", "10", "--json", folder.At("figures.json"));

        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains("ratio of the p99", run.Output, StringComparison.Ordinal);
        var figures = JsonDocument.Parse(await File.ReadAllTextAsync(folder.At("figures.json"), TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal((150, 10, 0), (Number("waiting"), Number("samples"), Number("lost")));
        Assert.Equal("in-memory", figures.GetProperty("transport").GetString());
        foreach (var phase in (string[])["flash_idle_ms", "flash_waiting_ms"])
            Assert.InRange(figures.GetProperty(phase).GetProperty("p50").GetDouble(), 0.01, figures.GetProperty(phase).GetProperty("p99").GetDouble());
        foreach (var figure in (string[])["node_idle_mib", "node_waiting_mib"]) Assert.True(figures.GetProperty(figure).GetDouble() > 10);
        foreach (var figure in (string[])["drain_seconds", "drain_per_second"]) Assert.True(figures.GetProperty(figure).GetDouble() > 0);

        int Number(string name) => figures.GetProperty(name).GetInt32();
    }

    [Theory]
    [InlineData("--waiting", "-1")]
    [InlineData("--samples", "0")]
    [InlineData("--rabbitmq", "amqp://somewhere/")]
    public async Task Wrong_wishes_are_told_before_anything_is_started(params string[] wishes)
    {
        var run = await CommandRun.OfAsync(["bench", "precedence", .. wishes]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(wishes[0], run.Error, StringComparison.Ordinal);
    }
}
