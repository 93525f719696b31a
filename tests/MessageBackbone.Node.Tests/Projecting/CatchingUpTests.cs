using MessageBackbone.EventLog;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.Node.Projecting;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Projecting;

public sealed class CatchingUpTests : IDisposable
{
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("catching-up-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_the_log_holds_comes_together_and_what_is_recorded_meanwhile_after_it()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, 200);
        await using var batches = CatchingUp.BatchesAsync(log, LogPosition.Start, Cancel).GetAsyncEnumerator(Cancel);

        Assert.True(await batches.MoveNextAsync());
        Assert.Equal(200, batches.Current.Count);
        await AppendAsync(log, 1);
        Assert.True(await batches.MoveNextAsync());
        Assert.Single(batches.Current);
    }

    [Fact]
    public async Task Every_event_comes_once_and_in_order_from_where_the_follower_stood()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, 20_000);
        var expected = new List<LogPosition>();
        await foreach (var page in log.ReadAllAsync(LogPosition.Start, Cancel)) expected.AddRange(page.Select(recorded => recorded.Position));

        var (found, batches) = (new List<LogPosition>(), 0);
        await foreach (var batch in CatchingUp.BatchesAsync(log, expected[4], Cancel))
        {
            found.AddRange(batch.Select(recorded => recorded.Position));
            batches++;
            if (found[^1] == expected[^1]) break;
        }

        Assert.Equal(expected.Skip(5), found);
        Assert.InRange(batches, 2, 4);
    }

    [Fact]
    public async Task A_follower_that_fails_while_the_next_events_are_read_is_not_held_up()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, 20_000);

        var batches = CatchingUp.BatchesAsync(log, LogPosition.Start, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await batches.MoveNextAsync());
        Assert.True(batches.Current.Count < 20_000);

        await batches.DisposeAsync();
    }

    private static async Task AppendAsync(SqliteEventLog log, int events)
    {
        for (var left = events; left > 0; left -= 1_000)
            await log.AppendAsync(
                StreamId.Directory, ExpectedRevision.Any,
                [.. Enumerable.Range(0, Math.Min(left, 1_000)).Select(_ => new NewEvent(Guid.NewGuid(), "test.v1", new byte[] { 1 }, default, ProjectedLog.Start))], Cancel);
    }

    private async Task<SqliteEventLog> OpenAsync() => await SqliteEventLog.OpenAsync(
        new SqliteEventLogOptions { Folder = _folder.FullName, BatchEvents = 64 }, TimeProvider.System, NullLogger.Instance);
}
