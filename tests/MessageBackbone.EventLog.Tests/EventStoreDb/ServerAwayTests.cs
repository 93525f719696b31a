using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.EventStoreStandIn;
using static MessageBackbone.EventLog.ExpectedRevision;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>The server is away, comes back, comes back as another, or is killed.</summary>
public sealed class ServerAwayTests : StandInScenario
{
    [Fact(Timeout = 60_000)]
    public async Task A_server_that_is_away_at_the_start_is_named_and_opening_succeeds_when_it_is_there()
    {
        await Server.StopAsync();

        var away = await Assert.ThrowsAsync<EventLogUnavailableException>(OpenAsync);
        Assert.Contains($"127.0.0.1:{Server.Port}", away.Message, StringComparison.Ordinal);
        Assert.Contains("refused", away.Message, StringComparison.OrdinalIgnoreCase);

        await StartAgainAsync();
        await OpenAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_is_not_ready_at_the_start_makes_the_log_unavailable()
    {
        Server.Faults.NotReady = true;
        await Assert.ThrowsAsync<EventLogUnavailableException>(OpenAsync);

        Server.Faults.NotReady = false;
        await OpenAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_does_not_answer_is_waited_for_no_longer_than_the_deadline()
    {
        Space.Options.ConnectionString += "&defaultDeadline=500";
        Server.Faults.Silent = true;

        Assert.Contains("reached", (await Assert.ThrowsAsync<EventLogUnavailableException>(OpenAsync)).Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task After_the_server_was_away_appends_reads_and_new_subscriptions_go_on_alone()
    {
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, events);
        await using var waiting = Log.SubscribeAllAsync(await Log.EndAsync(Cancel), Cancel).GetAsyncEnumerator(Cancel);
        var next = waiting.MoveNextAsync();

        await Server.StopAsync();
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await next);
        await MustFail(stream, At(1), Event());
        await StartAgainAsync();

        var late = Event();
        Assert.IsType<AppendOutcome.Appended>(await AppendOnceAvailable(stream, At(1), late));
        await using var again = Log.SubscribeAllAsync(default, Cancel).GetAsyncEnumerator(Cancel);
        var seen = new List<Guid>();
        while (seen.Count < 3)
        {
            Assert.True(await again.MoveNextAsync());
            seen.AddRange(again.Current.Select(e => e.EventId));
        }

        Assert.Equal([.. events.Select(e => e.EventId), late.EventId], seen);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_log_that_only_reads_reaches_the_server_again_and_hears_what_others_append()
    {
        await OpenAsync();
        await Server.StopAsync();
        await StartAgainAsync();
        var e = Event();
        using var other = new SpaceOfAServer(Server.ConnectionString);
        other.Options.Space = Space.Options.Space;
        await using (var writer = await other.OpenAsync()) await writer.AppendAsync(Stream(), NoStream, [e], Cancel);

        while (true)
        {
            try
            {
                await foreach (var batch in Log.SubscribeAllAsync(default, Cancel))
                {
                    Assert.Equal(e.EventId, Assert.Single(batch).EventId);
                    return;
                }
            }
            catch (EventLogUnavailableException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), Cancel);
            }
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_whose_disk_is_full_ends_and_nothing_that_was_answered_is_lost()
    {
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, events);
        _ = Server.Faults.NextAppend(AppendFate.DiskFull);
        await MustFail(stream, At(1), Event());
        await Server.StopAsync();

        await StartAgainAsync();
        Assert.Equal(1UL, Assert.IsType<AppendOutcome.Appended>(await AppendOnceAvailable(stream, NoStream, events)).Revision.Value);
        AssertHolds(Held(stream), events);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_was_exchanged_while_the_log_is_open_is_unavailable_and_never_a_new_log()
    {
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, events);
        await Server.StopAsync();
        var exchanged = await StartAsync(new() { Port = Server.Port });

        // The other store is given a name, which is not this log's; nothing else is ever written there.
        EventLogUnavailableException said;
        do said = await MustFail(stream, At(1), Event());
        while (!said.Message.Contains("instead of", StringComparison.Ordinal));

        Assert.Contains(Log.Name, said.Message, StringComparison.Ordinal);
        Assert.Empty(exchanged.Store.IdsOf(NameOf(stream)));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_killed_server_answered_is_there_when_it_is_started_again()
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("stand-in-").FullName, "store");
        var (stream, events) = New();
        var first = await StandInProcess.StartAsync(GetType().Assembly, file);
        Space.Options.ConnectionString = first.ConnectionString;
        await OpenAsync();
        var outcome = await Append(stream, NoStream, events);

        await first.KillAsync();
        await MustFail(stream, At(1), Event());
        using var second = await StandInProcess.StartAsync(GetType().Assembly, file, first.Port);

        Assert.Equal(outcome, await AppendOnceAvailable(stream, NoStream, events));
        first.Dispose();
        await CloseAsync();
        await second.KillAsync();
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }
}
