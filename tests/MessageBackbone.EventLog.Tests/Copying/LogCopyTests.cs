using MessageBackbone.EventLog.Copying;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.EventLog.Tests.EventStoreDb;
using MessageBackbone.EventLog.Tests.Sqlite;
using static MessageBackbone.EventLog.ExpectedRevision;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.Copying;

/// <summary>From a file into a server and back: whole, in order, and told when it is not.</summary>
public sealed class LogCopyTests : StandInScenario
{
    private readonly List<LogCopyProgress> _told = [];

    [Fact]
    public async Task A_log_is_copied_there_and_back_with_its_order_its_bytes_and_the_borders_of_its_appends()
    {
        using var folders = new Folders();
        await OpenAsync();
        await using var source = await folders.OpenAsync("source");
        await using var back = await folders.OpenAsync("back");
        var (stream, pair) = (Stream(), Events(2));
        for (var i = 0; i < 700; i++) await source.AppendAsync(Stream(), NoStream, Events(1 + (i % 3)), Cancel);
        await source.AppendAsync(stream, NoStream, pair, Cancel);
        await source.AppendAsync(stream, At(1), Events(3), Cancel);

        var there = await CopyAsync(source, Log);
        await CopyAsync(Log, back);

        var expected = await AllOf(source);
        Assert.Equal(new LogCopied(source.Name, Log.Name, 0, expected.Count, expected.Count), there);
        Assert.Equal(expected.Select(Shown), (await AllOf(Log)).Select(Shown));
        Assert.Equal(expected.Select(Shown), (await AllOf(back)).Select(Shown));
        // What a repeat of an append is, the copy says too; a part of one is none.
        Assert.Equal(1UL, Assert.IsType<AppendOutcome.Appended>(await Append(stream, NoStream, pair)).Revision.Value);
        Assert.IsType<AppendOutcome.Conflict>(await Append(stream, NoStream, pair[0]));
        Assert.Equal([.. Enum.GetValues<LogCopyStage>()], _told.Select(told => told.Stage).Distinct());
        Assert.Contains(_told, told => told is { Stage: LogCopyStage.Copying, Events: > 0 } && told.Events < expected.Count);
    }

    [Fact]
    public async Task A_copy_that_stopped_goes_on_behind_what_is_there()
    {
        using var folders = new Folders();
        await OpenAsync();
        await using var source = await folders.OpenAsync("source");
        for (var i = 0; i < 40; i++) await source.AppendAsync(Stream(), NoStream, Events(2), Cancel);
        await CopyAsync(source, Log);
        for (var i = 0; i < 10; i++) await source.AppendAsync(Stream(), NoStream, Events(2), Cancel);

        var copied = await CopyAsync(source, Log);

        Assert.Equal((80, 20, 100), (copied.There, copied.Copied, copied.Compared));
        Assert.Equal((await AllOf(source)).Select(Shown), (await AllOf(Log)).Select(Shown));
    }

    [Fact]
    public async Task A_target_that_holds_anything_else_is_left_as_it_is()
    {
        using var folders = new Folders();
        await OpenAsync();
        await using var source = await folders.OpenAsync("source");
        var (first, stranger) = (Event(), Event());
        await source.AppendAsync(Stream(), NoStream, [first], Cancel);
        await Append(Stream(), NoStream, stranger);

        var differs = await Assert.ThrowsAsync<LogCopyException>(() => CopyAsync(source, Log));
        Assert.Contains($"{stranger.EventId}", differs.Message, StringComparison.Ordinal);
        Assert.Contains("differs in its id", differs.Message, StringComparison.Ordinal);
        Assert.Single(await AllOf(Log));

        await using var longer = await folders.OpenAsync("longer");
        await CopyAsync(source, longer);
        await longer.AppendAsync(Stream(), NoStream, [stranger], Cancel);
        Assert.Contains("which the source does not", (await Assert.ThrowsAsync<LogCopyException>(() => CopyAsync(source, longer))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_difference_of_an_event_is_found_and_named()
    {
        using var folders = new Folders();
        var (stream, e) = (Stream(), Event());
        var others = new Dictionary<string, (StreamId Stream, NewEvent Event)>
        {
            ["stream"] = (Stream(), e),
            ["type"] = (stream, e with { Type = "another.v1" }),
            ["time of recording"] = (stream, e with { RecordedAt = e.RecordedAt.AddTicks(1) }),
            ["metadata"] = (stream, e with { Metadata = new byte[] { 9 } }),
            ["data"] = (stream, e with { Data = new byte[] { 9 } }),
        };
        await using var source = await folders.OpenAsync("source");
        await source.AppendAsync(stream, NoStream, [e], Cancel);
        foreach (var (what, other) in others)
        {
            await using var target = await folders.OpenAsync(what.Replace(' ', '-'));
            await target.AppendAsync(other.Stream, NoStream, [other.Event], Cancel);

            Assert.Contains($"differs in its {what}:", (await Assert.ThrowsAsync<LogCopyException>(() => CopyAsync(source, target))).Message, StringComparison.Ordinal);
        }
    }

    private Task<LogCopied> CopyAsync(IEventLog from, IEventLog to) => new LogCopy(from, to).RunAsync(_told.Add, Cancel);

    private static async Task<List<RecordedEvent>> AllOf(IEventLog log)
    {
        var all = new List<RecordedEvent>();
        await foreach (var batch in log.ReadAllAsync(default, Cancel)) all.AddRange(batch);
        return all;
    }

    private static string Shown(RecordedEvent e) =>
        $"{e.Stream} {e.Revision} {e.EventId} {e.Type} {e.RecordedAt:O} {e.EndsAppend} {Convert.ToHexString(e.Data.Span)} {Convert.ToHexString(e.Metadata.Span)}";

    private sealed class Folders : IDisposable
    {
        private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("event-log-");

        public ValueTask<SqliteEventLog> OpenAsync(string name) => SqliteEventLog.OpenAsync(
            new() { Folder = Path.Combine(_root.FullName, name) }, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

        public void Dispose() => _root.Delete(recursive: true);
    }
}
