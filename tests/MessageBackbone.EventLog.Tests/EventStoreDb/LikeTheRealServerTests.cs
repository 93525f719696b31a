using static MessageBackbone.EventLog.Tests.EventStoreDb.RawCalls;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>What a 23.10.6 was seen to answer to single calls. On the stand-in always, and on the server that <see cref="RealServerTests.Variable"/> names: the
/// stand-in says nothing that the server would not.</summary>
public abstract class LikeTheRealServer : IAsyncLifetime
{
    private RawCalls? _calls;

    private RawCalls Server => _calls ?? throw new InvalidOperationException("No server is connected.");

    /// <summary>An insecure node that leads, whose largest append is 16,000,000 bytes.</summary>
    protected abstract ValueTask<string> AddressAsync();

    public async ValueTask InitializeAsync() => _calls = new(await AddressAsync());

    public virtual ValueTask DisposeAsync()
    {
        _calls?.Dispose();
        GC.SuppressFinalize(this);
        return default;
    }

    [Fact]
    public async Task Below_the_current_revision_ids_are_compared_and_at_it_none_is()
    {
        var (stream, one, two) = (NewStream(), NewIds(2), NewIds(2));
        foreach (var (append, said) in new[]
        {
            (Append(stream, -1, one), "at 1"),
            (Append(stream, -1, one), "at 1"),
            (Append(stream, 1, two), "at 3"),
            (Append(stream, 1, two), "at 3"),
            (Append(stream, -1, one[..1]), "at 0"),
            (Append(stream, 0, one[1..]), "at 1"),
            (Append(stream, -1, [.. one, .. two]), "at 3"),
            (Append(stream, -1, [.. one, .. two, .. NewIds(1)]), "wrong 3"),
            (Append(stream, -1, NewIds(1)), "wrong 3"),
            (Append(stream, 9, NewIds(1)), "wrong 3"),
            (Append(stream, long.MaxValue, NewIds(1)), "wrong 3"),
            (Append(stream, 3, one[..1]), "at 4"),
            (Append(stream, 77, []), "wrong 4"),
            (Append(stream, 4, []), "at 4"),
        })
            await Both(append, said);
    }

    [Fact]
    public async Task Under_any_and_stream_exists_ids_are_known_by_the_first()
    {
        var (stream, one, two) = (NewStream(), NewIds(2), NewIds(2));
        await Both(Append(stream, -1, one), "at 1");
        await Both(Append(stream, Any, two), "at 3");
        await Both(Append(stream, Any, two[..1]), "at 2");
        await Both(Append(stream, Any, two), "at 3");
        await Both(Append(stream, Any, [two[1], .. NewIds(1)]), "wrong 3");
        await Both(Append(stream, Exists, NewIds(1)), "at 4");
        await Both(Append(NewStream(), Any, two), "at 1");
    }

    [Fact]
    public async Task A_stream_that_is_not_there_is_wrong_for_a_revision_and_takes_any_and_none()
    {
        await Both(Append(NewStream(), 0, NewIds(1)), "wrong none");
        await Both(Append(NewStream(), Exists, NewIds(1)), "wrong none");
        await Both(Append(NewStream(), -1, []), "at none");
        await Both(Append(NewStream(), Any, NewIds(1)), "at 0");
        // 2^64 − 1 is "no stream" where it is sent as a number.
        Assert.Equal("at 0", await Server.SingleAtNumber(NewStream(), ulong.MaxValue));
        Assert.Equal("Unknown", await Server.SingleAtNumber(NewStream(), 1UL << 63));
    }

    [Fact]
    public async Task An_event_needs_a_type_a_kind_of_content_and_an_id()
    {
        const string missing = "InvalidArgument exception=missing-required-metadata-property required-metadata-properties=type,content-type";
        await Both(Append(NewStream(), -1, NewIds(1)) with { Type = null }, missing, "fault 3 BadRequest");
        await Both(Append(NewStream(), -1, NewIds(1)) with { ContentType = null }, missing, "fault 3 BadRequest");
        Assert.Equal("Unknown", await Server.Single(Append(NewStream(), -1, NewIds(1)) with { Type = "" }));
        Assert.Equal("Unknown", await Server.Single(Append(NewStream(), -1, [Guid.Empty])));
        await Both(Append("", -1, NewIds(1)), "Unknown", "fault 3 BadRequest");
        await Both(Append(NewStream(), Unsaid, NewIds(1)), "InvalidArgument", "fault 3 BadRequest");
    }

    [Fact]
    public async Task An_append_that_is_too_large_is_refused_with_the_size_and_the_call_goes_on()
    {
        var large = Append(NewStream(), -1, NewIds(2)) with { Bytes = 8_100_000 };
        Assert.Equal("InvalidArgument exception=maximum-append-size-exceeded maximum-append-size=16000000", await Server.Single(large));
        Assert.Equal(
            ["fault 3 MaximumAppendSizeExceeded 16000000", "at 0"],
            await Server.Batch([.. Message(large, final: false), .. Message(Append(NewStream(), -1, NewIds(1)))], answers: 2));
    }

    [Fact]
    public async Task A_batched_append_comes_in_parts_and_its_time_can_be_over()
    {
        var (stream, ids) = (NewStream(), NewIds(2));
        var first = Message(Append(stream, -1, ids[..1]), final: false);
        var last = Message(Append(stream, -1, ids[1..]));
        last[0].Options = null;
        last[0].CorrelationId = first[0].CorrelationId;
        Assert.Equal(["at 1"], await Server.Batch([.. first, .. last], answers: 1));

        var orphan = Message(Append(NewStream(), -1, NewIds(1)));
        orphan[0].Options = null;
        Assert.Equal(["at 0"], await Server.Batch([.. orphan, .. Message(Append(NewStream(), -1, NewIds(1)))], answers: 1));

        var over = Message(Append(NewStream(), -1, NewIds(1)));
        over[0].Options.Deadline = new();
        Assert.Equal(["fault 4 Timeout"], await Server.Batch(over, answers: 1));
    }

    [Fact]
    public async Task A_stream_is_read_from_either_end()
    {
        var stream = NewStream();
        await Both(Append(stream, -1, NewIds(4)), "at 3");
        foreach (var (read, said) in new[]
        {
            (Stream(stream, 0), "0 1 2 3"),
            (Stream(stream, 1, 2), "1 2"),
            (Stream(stream, 100), ""),
            (Stream(stream, long.MaxValue), ""),
            (Stream(stream, ulong.MaxValue), "Unknown"),
            (Stream(stream, null, 2, true), "3 2"),
            (Stream(stream, null, 2), "Unknown"),
            (Stream(stream, 2, 2, true), "2 1"),
            (Stream(stream, 300, 2, true), "3 2"),
            (Stream(stream, 0, 2, true), "0"),
            (Stream(stream, 0, 0), "Unknown"),
            (Stream(NewStream(), 0), "missing"),
            (Stream(NewStream(), null, 2, true), "missing"),
            (Stream("", 0), "Unknown"),
        })
            Assert.Equal(said, await Server.Read(read));
    }

    [Fact]
    public async Task Everything_is_read_from_a_border_of_an_event_and_from_nowhere_else()
    {
        var stream = NewStream();
        await Both(Append(stream, -1, NewIds(3)), "at 2");
        var at = await Server.Positions(stream);
        Assert.Equal(3, at.Distinct().Count());
        Assert.Equal(at, at.Order());
        var end = await Server.EndAsync();
        foreach (var (read, said) in new[]
        {
            (All(stream, at[0], 2), "0 1"),
            (All(stream, at[1], 2), "1 2"),
            (All(stream, at[0] + 1), "Unknown"),
            (All(stream, at[0] + 40), "Unknown"),
            (All(stream, at[2], 9, true), "1 0"),
            (All(stream, at[1] + 1, 2, true), "Unknown"),
            (All(stream, null, 2, true), "2 1"),
            (All(stream, 0, 2), "0 1"),
            (All(NewStream(), 0, 2), ""),
            (All(stream, end + 1_000_000), ""),
            (All(stream, end + 1_000_000, 2, true), "Unknown"),
            (All(stream, long.MaxValue), ""),
            (All(stream, ulong.MaxValue), ""),
            (All(stream, 1UL << 63), "Unknown"),
            (All("(", 0), "Unknown"),
        })
            Assert.Equal(said, await Server.Read(read));
    }

    [Fact]
    public async Task A_filter_on_one_stream_and_a_read_of_nothing_are_no_reads()
    {
        Assert.Equal("InvalidArgument", await Server.Read(new()));
        var filtered = Stream(NewStream(), 0);
        filtered.Filter = All("a", 0).Filter;
        Assert.Equal("InvalidArgument", await Server.Read(filtered));
    }

    [Fact]
    public async Task Metadata_hides_events_of_the_stream_and_not_of_everything()
    {
        var (stream, ids) = (NewStream(), NewIds(4));
        await Both(Append(stream, -1, ids), "at 3");
        foreach (var (metadata, shown) in new[]
        {
            ("{\"$maxCount\":2}", "2 3"), ("{}", "0 1 2 3"), ("{\"$tb\":3}", "3"), ("nonsense", "0 1 2 3"),
            ("{\"$maxAge\":100000}", "0 1 2 3"), ("{\"$tb\":9223372036854775807}", "missing"),
        })
        {
            Assert.StartsWith("at ", await Server.SetMetadata(stream, metadata), StringComparison.Ordinal);
            Assert.Equal(shown, await Server.Read(Stream(stream, 0)));
            Assert.Equal("0 1 2 3", await Server.Read(All(stream, 0)));
        }

        // A repeat of what is hidden is known, and where it is is not said.
        Assert.Equal("at 3, position unsaid", await Server.Single(Append(stream, -1, ids) with { SaysPosition = true }));
        Assert.Equal("at 4", await Server.Single(Append(stream, -1, NewIds(1))));
        Assert.Equal("4", await Server.Read(Stream(stream, 0)));
        await Server.SetMetadata(stream, "{\"$maxCount\":2}", "application/octet-stream");
        Assert.Equal("0 1 2 3 4", await Server.Read(Stream(stream, 0)));
    }

    [Fact]
    public async Task A_subscription_is_confirmed_and_brings_what_is_new()
    {
        var (stream, other) = (NewStream(), NewStream());
        await using var live = Server.Subscribe(stream);
        Assert.Equal("confirmed", await live.NextAsync());
        Assert.Equal("", await live.NextAsync());
        await Both(Append(other, -1, NewIds(1)), "at 0");
        await Both(Append(stream, -1, NewIds(2)), "at 1");

        Assert.Equal(["0", "1"], [await live.NextAsync(), await live.NextAsync()]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_subscription_that_is_not_read_is_ended()
    {
        var stream = NewStream();
        await using var live = Server.Subscribe(stream);
        Assert.Equal("confirmed", await live.NextAsync());
        for (var i = 0; i < 60; i++) Assert.StartsWith("at ", await Server.Single(Append(stream, Any, NewIds(5)) with { Bytes = 200_000 }), StringComparison.Ordinal);

        string said;
        do said = await live.NextAsync();
        while (said != "Aborted");
    }

    // The same append as a call of its own and in a batch, each with streams and ids of its own: the answers are the same unless told.
    private async Task Both(RawAppend append, string said, string? saidInBatch = null)
    {
        Assert.Equal(said, await Server.Single(append));
        var batched = append with { Stream = append.Stream.Length == 0 ? "" : append.Stream + "b", Ids = [.. append.Ids.Select(Sibling)] };
        Assert.Equal([saidInBatch ?? Expected(said)], await Server.Batch(Message(batched), answers: 1));

        static Guid Sibling(Guid id)
        {
            var bytes = id.ToByteArray();
            bytes[0] ^= 0xFF;
            return new(bytes);
        }

        static string Expected(string said) => said.StartsWith("wrong", StringComparison.Ordinal) ? $"fault 6 WrongExpectedVersion {said["wrong ".Length..]}" : said;
    }
}

public sealed class LikeTheRealServerTests : LikeTheRealServer
{
    private EventStoreStandIn.StandIn? _server;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    protected override async ValueTask<string> AddressAsync()
    {
        _server = await EventStoreStandIn.StandIn.StartAsync();
        return _server.ConnectionString;
    }
}

/// <summary>Without a server it is not listed (Program.cs).</summary>
public sealed class TheRealServerItselfTests : LikeTheRealServer
{
    protected override ValueTask<string> AddressAsync() => new(Environment.GetEnvironmentVariable(RealServerTests.Variable)!);
}
