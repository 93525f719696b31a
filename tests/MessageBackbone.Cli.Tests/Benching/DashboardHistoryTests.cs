using MessageBackbone.Cli.Benching;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Cli.Tests.Benching;

public sealed class DashboardHistoryTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("dashboard-history-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_month_has_what_is_asked_for_and_is_the_same_for_the_same_seed()
    {
        var first = await FillAsync("a", 2_000);
        var second = await FillAsync("b", 2_000);

        Assert.Equal(first.Select(recorded => Convert.ToHexString(recorded.Data.Span)), second.Select(recorded => Convert.ToHexString(recorded.Data.Span)));
        var accepted = first.Select(recorded => EventTypes.Parse(recorded.Type, recorded.Data)).OfType<Accepted>().ToList();
        Assert.Equal(2_000, accepted.Count);
        Assert.All(accepted, message => Assert.True(message.Recipients.Count == 1 && message.Recipients[0] != message.Content.From));
        Assert.InRange(accepted.Count(message => message.Content.Exercise), 20, 60);
        Assert.InRange(2_000 - first.Count(recorded => recorded.Type == "delivery.delivered.v1"), 8, 35);
        Assert.InRange(accepted.Select(message => message.Content.ConversationId).Distinct().Count(), 500, 900);
        Assert.Equal(2_000, accepted.Select(message => message.Content.MessageId).Distinct().Count());
        Assert.Equal(DashboardHistory.Start, accepted[0].AcceptedAt.ToDateTimeOffset());
        Assert.InRange(accepted[^1].AcceptedAt.ToDateTimeOffset() - DashboardHistory.Start, DashboardHistory.Length * 0.99, DashboardHistory.Length);
    }

    private async Task<List<RecordedEvent>> FillAsync(string name, int messages)
    {
        await using var log = await SqliteEventLog.OpenAsync(
            new SqliteEventLogOptions { Folder = Path.Combine(_folder.FullName, name) }, TimeProvider.System, NullLogger.Instance);
        await DashboardHistory.FillAsync(log, messages, waitingPercent: 1, seed: 7, Cancel);
        var events = new List<RecordedEvent>();
        await foreach (var batch in log.ReadAllAsync(LogPosition.Start, Cancel)) events.AddRange(batch);
        return events;
    }
}
