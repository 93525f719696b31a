using MessageBackbone.Faults.Controls;
using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Loading;
using MessageBackbone.Faults.Programs;
using MessageBackbone.Faults.Running;

namespace MessageBackbone.Faults;

/// <summary>The disk that the runner fills is full for SQLite itself: the part meets SQLITE_FULL, and goes on when there is room again.</summary>
public sealed class DiskFullTests
{
    // As the node's binding and the gateway's begin their words for it.
    private const string SqliteFull = "SQLite error 13: ";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(NodeProgram.Name)]
    [InlineData(Scene.Sender)]
    [InlineData(Scene.Recipient)]
    public async Task A_full_disk_is_an_error_of_sqlite_and_loses_nothing(string part)
    {
        var folder = Directory.CreateTempSubdirectory("backbone-disk-full-");
        await using var house = await House.OpenAsync(folder.FullName, new Engines(RabbitMq: false), "", [Scene.Recipient, Scene.Sender], [], null, Cancel);
        using var journal = new Journal(Path.Combine(folder.FullName, "journal.jsonl"));
        var load = new Load(house, journal, 1, TimeProvider.System);
        Assert.DoesNotContain(SqliteFull, house.ReadLog(part), StringComparison.OrdinalIgnoreCase);

        await house.Part(part).OrderAsync(Orders.DiskFull, Cancel);
        await Waiting.UntilAsync($"{part} meets SQLITE_FULL", async () =>
        {
            // Larger than what is left in the pages that the file has.
            await load.SendAsync(Scene.Sender, [Scene.Recipient], "priority", new string('x', 20_000));
            return house.ReadLog(part).Contains(SqliteFull, StringComparison.OrdinalIgnoreCase);
        }, Cancel);
        await house.Part(part).OrderAsync(Orders.DiskFree, Cancel);
        await load.SendAsync(Scene.Sender, [Scene.Recipient], "priority");

        var findings = await FaultRun.JudgeAsync(house, journal, TimeSpan.FromSeconds(60), TimeProvider.System, Cancel);
        Assert.True(findings.Good, string.Join('\n', findings.Details().Take(20)));
        folder.Delete(recursive: true);
    }
}
