using MessageBackbone.EventStoreStandIn;
using static MessageBackbone.EventLog.ExpectedRevision;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>A server whose settings break the log's promises is refused at the start, by name, and accepted when they were put right.</summary>
public sealed class ServerSettingsTests : StandInScenario
{
    [Theory]
    [InlineData("{\"$maxAge\":3600}", "$maxAge")]
    [InlineData("{\"$maxCount\":1000}", "$maxCount")]
    [InlineData("{\"$tb\":1}", "$tb")]
    [InlineData("{\"$tb\":9223372036854775807}", "$tb")]
    [InlineData("{\"$acl\":{},\"$maxAge\":1,\"$maxCount\":2}", "$maxAge and $maxCount")]
    [InlineData("nonsense", "cannot be read")]
    public async Task Metadata_that_ages_or_truncates_a_stream_is_refused_until_it_is_gone(string metadata, string named)
    {
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, events);
        Server.Store.SetMetadata(NameOf(stream), metadata);
        await CloseAsync();

        var refused = await MustNotOpen();
        Assert.Contains(NameOf(stream), refused.Message, StringComparison.Ordinal);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        await MustNotOpen();

        Server.Store.SetMetadata(NameOf(stream), "{\"$acl\":{},\"$maxAge\":null}");
        await OpenAsync();
        Assert.IsType<AppendOutcome.Appended>(await Append(stream, NoStream, events));
    }

    [Fact]
    public async Task A_stream_that_was_deleted_for_ever_is_named()
    {
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, events);
        Server.Store.Tombstone(NameOf(stream));
        Assert.Contains("refused", (await MustFail(stream, At(1), Event())).Message, StringComparison.Ordinal);
        await CloseAsync();

        var refused = await MustNotOpen();
        Assert.Contains(NameOf(stream), refused.Message, StringComparison.Ordinal);
        Assert.Contains("deleted", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_of_another_program_in_a_stream_of_the_log_is_named_by_stream_and_type()
    {
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, events);
        Server.Store.Add(NameOf(stream), "order-placed", "{}"u8);
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () =>
        {
            await foreach (var _ in Log.ReadStreamAsync(stream, null, Cancel))
            {
            }
        });
        await CloseAsync();

        var refused = await MustNotOpen();
        Assert.Contains(NameOf(stream), refused.Message, StringComparison.Ordinal);
        Assert.Contains("order-placed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Streams_of_others_and_of_the_server_do_not_matter()
    {
        Server.Store.Add("order-1", "order-placed", "{}"u8);
        Server.Store.Add("$stats-127.0.0.1:2113", "$statsCollected", "{}"u8);
        Server.Store.SetMetadata("order-1", "{\"$maxCount\":1}");
        await OpenAsync();
        Server.Store.Add("$stats-127.0.0.1:2113", "$statsCollected", "{}"u8);

        var read = new List<RecordedEvent>();
        await foreach (var batch in Log.ReadAllAsync(default, Cancel)) read.AddRange(batch);
        Assert.Empty(read);
        Assert.Equal(LogPosition.Start, await Log.EndAsync(Cancel));
    }

    [Fact]
    public async Task The_name_of_the_log_that_is_something_else_is_refused()
    {
        Server.Store.Add($"{Space.Options.Space}.backbone.log", "order-placed", "{}"u8);

        Assert.Contains("backbone.log", (await MustNotOpen()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_takes_smaller_appends_is_told_which_setting_to_raise()
    {
        var small = await StartAsync(new() { MaxAppendSize = 1 << 20 });
        Space.Options.ConnectionString = small.ConnectionString;

        var refused = await MustNotOpen();
        Assert.Contains("--max-append-size 16000000", refused.Message, StringComparison.Ordinal);
        Assert.Contains("1048576", refused.Message, StringComparison.Ordinal);
    }
}
