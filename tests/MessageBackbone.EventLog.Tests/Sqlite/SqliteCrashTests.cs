using MessageBackbone.EventLog.Tests.Contract;

namespace MessageBackbone.EventLog.Tests.Sqlite;

public sealed class SqliteCrashTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2_000)]
    public async Task Every_acknowledged_event_survives_kill_9_at_its_position_and_the_lock_is_free(int acknowledgedBeforeKill)
    {
        var acknowledged = new List<(string Position, Guid Id)>();
        using var process = KilledProcess.Start(_folder.Log);
        try
        {
            while (acknowledged.Count < acknowledgedBeforeKill) acknowledged.Add(Read(await process.StandardOutput.ReadLineAsync(Cancel)));
            await Assert.ThrowsAsync<EventLogOpenException>(async () => await _folder.OpenLogAsync());
        }
        finally
        {
            process.Kill();
        }

        // What it had printed before it died was acknowledged too; only a line cut off in the middle was not.
        while (await process.StandardOutput.ReadLineAsync(Cancel) is { } line)
            if (line.Split(' ') is [_, { Length: 36 }]) acknowledged.Add(Read(line));
        await process.WaitForExitAsync(Cancel);

        await using var log = await _folder.OpenLogAsync();
        var kept = new HashSet<(string, Guid)>();
        await foreach (var batch in log.ReadAllAsync(default, Cancel))
            foreach (var e in batch) kept.Add(($"{e.Position}", e.EventId));
        Assert.DoesNotContain(acknowledged, a => !kept.Contains(a));
        Assert.IsType<AppendOutcome.Appended>(await log.AppendAsync(Sample.Stream(), ExpectedRevision.NoStream, [Sample.Event()], Cancel));
    }

    private static (string Position, Guid Id) Read(string? line)
    {
        var parts = Assert.IsType<string>(line).Split(' ');
        return (parts[0], Guid.Parse(parts[1]));
    }
}
