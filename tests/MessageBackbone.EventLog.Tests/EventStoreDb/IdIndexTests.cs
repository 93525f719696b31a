using MessageBackbone.EventStoreStandIn;
using Microsoft.Data.Sqlite;
using static MessageBackbone.EventLog.ExpectedRevision;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>The index of ids is a copy: whatever becomes of its file, what the log holds is known.</summary>
public sealed class IdIndexTests : StandInScenario
{
    private string IndexFile => Space.Options.IndexFile;

    [Theory]
    [InlineData("kept")]
    [InlineData("deleted")]
    [InlineData("damaged")]
    [InlineData("empty")]
    public async Task Ids_are_known_after_the_log_was_closed_whatever_became_of_the_file(string file)
    {
        await OpenAsync();
        var (stream, events) = New(3);
        var outcome = await Append(stream, NoStream, events);
        await Append(stream, At(2), Event());
        await CloseAsync();
        Server.Store.ForgetIds();
        switch (file)
        {
            case "deleted":
                File.Delete(IndexFile);
                break;
            case "damaged":
                await File.WriteAllBytesAsync(IndexFile, [.. Enumerable.Repeat((byte)'x', 10_000)], Cancel);
                break;
            case "empty":
                await File.WriteAllBytesAsync(IndexFile, [], Cancel);
                break;
        }

        await OpenAsync();

        Assert.Equal(outcome, await Append(stream, NoStream, events));
        Assert.Equal(outcome, await Append(stream, Any, events));
        Assert.Equal(new AppendOutcome.Conflict(null), await Append(Stream(), NoStream, events[1]));
        Assert.Equal(new AppendOutcome.Conflict(new(3)), await Append(stream, At(3), events[2]));
        Assert.Equal(4, Held(stream).Count);
    }

    [Fact]
    public async Task An_index_that_cannot_be_written_holds_appends_back_and_does_not_grow_in_memory()
    {
        Space.Options.RecentIds = 1;
        await OpenAsync();
        await ExecuteAsync("create trigger fault before update on followed begin select raise(abort, 'the disk gives errors'); end");
        Assert.IsType<AppendOutcome.Appended>(await Append(Stream(), NoStream, Event()));

        var (stream, events) = New();
        Assert.Contains("index of event ids", (await MustFail(stream, NoStream, events)).Message, StringComparison.Ordinal);
        Assert.Empty(Held(stream));

        await ExecuteAsync("drop trigger fault");
        Assert.IsType<AppendOutcome.Appended>(await Append(stream, NoStream, events));
    }

    [Fact]
    public async Task A_file_of_another_log_is_made_again()
    {
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, events);
        var name = Log.Name;
        var other = await StartAsync(new());
        Space.Options.ConnectionString = other.ConnectionString;

        await OpenAsync();

        Assert.NotEqual(name, Log.Name);
        Assert.IsType<AppendOutcome.Appended>(await Append(Stream(), NoStream, events));
    }

    [Fact]
    public async Task A_log_that_was_put_back_to_an_earlier_state_is_followed_from_its_start()
    {
        var copy = Directory.CreateTempSubdirectory("copy-").FullName;
        var file = Path.Combine(copy, "store");
        using (var store = new EventStoreStandIn.Storing.StandInStore(TimeProvider.System, file))
        {
            var first = await StartAsync(new() { Store = store });
            Space.Options.ConnectionString = first.ConnectionString;
            await OpenAsync();
            await Append(Stream(), NoStream, Event());
            File.Copy(file, file + ".earlier");
            await Append(Stream(), NoStream, Events(3));
            await CloseAsync();
            await first.StopAsync();
        }

        using (var earlier = new EventStoreStandIn.Storing.StandInStore(TimeProvider.System, file + ".earlier"))
        {
            var second = await StartAsync(new() { Store = earlier });
            Space.Options.ConnectionString = second.ConnectionString;
            await OpenAsync();
            var (stream, events) = New();
            var outcome = await Append(stream, NoStream, events);
            Assert.Equal(outcome, await Append(stream, NoStream, events));
            Assert.Equal(new AppendOutcome.Conflict(null), await Append(Stream(), NoStream, events));
            await CloseAsync();
            await second.StopAsync();
        }

        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public async Task A_second_process_in_the_folder_is_refused()
    {
        await OpenAsync();

        await Assert.ThrowsAsync<EventLogOpenException>(async () => await Space.OpenAsync());
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var database = new SqliteConnection($"Data Source={IndexFile};Pooling=False");
        await database.OpenAsync(Cancel);
        await using var command = database.CreateCommand();
#pragma warning disable CA2100 // this file's own texts
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
