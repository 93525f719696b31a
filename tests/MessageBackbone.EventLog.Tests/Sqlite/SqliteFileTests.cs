using System.ComponentModel.DataAnnotations;
using MessageBackbone.EventLog.Tests.Contract;
using Microsoft.Data.Sqlite;
using static MessageBackbone.EventLog.ExpectedRevision;

namespace MessageBackbone.EventLog.Tests.Sqlite;

/// <summary>The files: who may open them, what is refused, how they are kept.</summary>
public sealed class SqliteFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_second_opener_is_refused_by_the_name_of_the_lock_file_until_the_first_has_closed()
    {
        var first = await _folder.OpenLogAsync();

        var refusal = await Assert.ThrowsAsync<EventLogOpenException>(async () => await _folder.OpenLogAsync());
        Assert.Equal(Path.Combine(_folder.Log, "events.lock"), refusal.File);
        Assert.Contains(refusal.File, refusal.Message, StringComparison.Ordinal);
        Assert.IsType<AppendOutcome.Appended>(await first.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel));

        await first.DisposeAsync();
        await using var second = await _folder.OpenLogAsync();
        Assert.Single(await SqliteFaultTests.Ids(second));
    }

    [Fact]
    public async Task Two_logs_have_two_names()
    {
        using var otherFolder = new TemporaryFolder();
        await using var one = await _folder.OpenLogAsync();
        await using var other = await otherFolder.OpenLogAsync();

        Assert.NotEqual(one.Name, other.Name);
    }

    [Fact]
    public async Task Only_the_owner_can_read_folder_and_files()
    {
        if (OperatingSystem.IsWindows()) return;
        await using var log = await _folder.OpenLogAsync();
        await log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.Log));
        var files = Directory.GetFiles(_folder.Log);
        Assert.Contains(files, f => f.EndsWith("-wal", StringComparison.Ordinal));
        foreach (var file in files) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Theory]
    [InlineData("PRAGMA user_version = 2", "version 2")]
    [InlineData("PRAGMA user_version = 0", "version 0")]
    [InlineData("PRAGMA application_id = 7", "not an event log")]
    public async Task A_database_of_another_version_or_kind_is_refused_and_left_as_it_is(string change, string reason)
    {
        await (await _folder.OpenLogAsync()).DisposeAsync();
        Execute(change);
        var before = await File.ReadAllBytesAsync(_folder.Database, Cancel);

        var refusal = await Assert.ThrowsAsync<EventLogOpenException>(async () => await _folder.OpenLogAsync());

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(_folder.Database, refusal.File);
        Assert.Equal(before, await File.ReadAllBytesAsync(_folder.Database, Cancel));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_the_lock_is_free_again()
    {
        Directory.CreateDirectory(_folder.Log);
        var garbage = new byte[20_000];
        new Random(7).NextBytes(garbage);
        await File.WriteAllBytesAsync(_folder.Database, garbage, Cancel);

        await Assert.ThrowsAsync<EventLogOpenException>(async () => await _folder.OpenLogAsync());
        Assert.Equal(garbage, await File.ReadAllBytesAsync(_folder.Database, Cancel));

        File.Delete(_folder.Database);
        await using var log = await _folder.OpenLogAsync();
        Assert.Empty(await SqliteFaultTests.Ids(log));
    }

    [Fact]
    public async Task An_option_out_of_its_range_is_refused_at_opening() =>
        await Assert.ThrowsAsync<ValidationException>(async () => await _folder.OpenLogAsync(configure: o => o.Readers = 0));

    [Fact]
    public async Task The_schema_itself_refuses_to_change_or_delete_an_event()
    {
        await using (var log = await _folder.OpenLogAsync()) await log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event()], Cancel);

        Assert.Throws<SqliteException>(() => Execute("UPDATE event SET data = x'00'"));
        Assert.Throws<SqliteException>(() => Execute("DELETE FROM event"));
    }

    [Fact]
    public async Task The_write_ahead_log_stays_small_while_others_read()
    {
        const int pages = 100;
        await using var log = await _folder.OpenLogAsync(configure: o => o.CheckpointPages = pages);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() => Follow(log, stop.Token))).ToArray();

        for (var i = 0; i < 400; i++) await log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event(20_000), Sample.Event(20_000)], Cancel);

        var wal = new FileInfo(_folder.Database + "-wal").Length;
        Assert.InRange(wal, 1, 4L << 20);
        Assert.True(new FileInfo(_folder.Database).Length > 12 << 20);
        await stop.CancelAsync();
        foreach (var reader in readers) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader);
    }

    [Fact]
    public async Task A_batch_is_closed_by_its_events_and_by_its_bytes()
    {
        await using var log = await _folder.OpenLogAsync(configure: o => (o.BatchEvents, o.BatchBytes) = (10, 100_000));
        for (var i = 0; i < 8; i++) await log.AppendAsync(Sample.Stream(), NoStream, [Sample.Event(60_000)], Cancel);
        await log.AppendAsync(Sample.Stream(), NoStream, Sample.Events(25), Cancel);

        var sizes = new List<int>();
        await foreach (var batch in log.ReadAllAsync(default, Cancel)) sizes.Add(batch.Count);

        Assert.Equal([2, 2, 2, 2, 10, 10, 5], sizes);
    }

    private static async Task Follow(EventLog.Sqlite.SqliteEventLog log, CancellationToken stop)
    {
        await foreach (var batch in log.SubscribeAllAsync(default, stop)) Assert.NotEmpty(batch);
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
