using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.EventStoreStandIn;
using static MessageBackbone.EventLog.ExpectedRevision;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>A cluster of two: who leads is followed, however it is named.</summary>
public sealed class LeaderTests : StandInScenario
{
    [Fact(Timeout = 60_000)]
    public async Task A_node_that_does_not_lead_names_the_leader_and_the_log_goes_there()
    {
        var other = await StartAsync(new() { Cluster = Server.Cluster });
        Server.Cluster.Leader = other;

        await OpenAsync();

        _ = Server.Faults.NextAppend(AppendFate.Lost);
        Assert.IsType<AppendOutcome.Appended>(await Append(Stream(), NoStream, Event()));
    }

    [Fact(Timeout = 60_000)]
    public async Task Hosts_that_are_only_asked_name_the_leader_and_one_that_is_away_is_passed_over()
    {
        var (other, away) = (await StartAsync(new() { Cluster = Server.Cluster }), await StartAsync(new()));
        await away.StopAsync();
        Server.Cluster.Leader = other;
        Space.Options.ConnectionString = $"esdb+discover://127.0.0.1:{away.Port},127.0.0.1:{Server.Port}?tls=false";

        await OpenAsync();

        _ = Server.Faults.NextAppend(AppendFate.Lost);
        Assert.IsType<AppendOutcome.Appended>(await Append(Stream(), NoStream, Event()));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("esdb")]
    [InlineData("esdb+discover")]
    public async Task When_another_node_leads_the_append_under_way_is_in_doubt_and_its_repeat_goes_to_the_new_leader(string scheme)
    {
        var other = await StartAsync(new() { Cluster = Server.Cluster });
        Space.Options.ConnectionString = Space.Options.ConnectionString.Replace("esdb://", $"{scheme}://", StringComparison.Ordinal);
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, events);
        await using var waiting = Log.SubscribeAllAsync(await Log.EndAsync(Cancel), Cancel).GetAsyncEnumerator(Cancel);

        Server.Cluster.Leader = other;
        var late = Event();
        await MustFail(stream, At(1), late);
        _ = Server.Faults.NextAppend(AppendFate.Lost);
        Assert.Equal(2UL, Assert.IsType<AppendOutcome.Appended>(await AppendOnceAvailable(stream, At(1), late)).Revision.Value);

        AssertHolds(Held(stream), [.. events, late]);
        Assert.Equal(events.Length + 1, await CountAsync());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_leader_that_stops_is_replaced_by_the_one_that_the_others_name()
    {
        var other = await StartAsync(new() { Cluster = Server.Cluster });
        Space.Options.ConnectionString = $"esdb://127.0.0.1:{Server.Port},127.0.0.1:{other.Port}?tls=false";
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, events);

        Server.Cluster.Leader = other;
        await Server.StopAsync();

        Assert.IsType<AppendOutcome.Appended>(await AppendOnceAvailable(stream, At(1), Event()));
    }

    [Fact(Timeout = 60_000)]
    public async Task While_nobody_leads_the_log_is_unavailable_and_then_goes_on()
    {
        await OpenAsync();
        var (stream, events) = New();
        Server.Cluster.Leader = null;
        await MustFail(stream, NoStream, events);

        Server.Cluster.Leader = Server;
        Assert.IsType<AppendOutcome.Appended>(await AppendOnceAvailable(stream, NoStream, events));
    }

    [Fact(Timeout = 60_000)]
    public async Task Hosts_of_which_none_knows_a_leader_are_named()
    {
        Server.Cluster.Leader = null;
        Space.Options.ConnectionString = $"esdb+discover://127.0.0.1:{Server.Port}?tls=false&maxDiscoverAttempts=2&discoveryInterval=1";

        Assert.Contains($"127.0.0.1:{Server.Port}", (await Assert.ThrowsAsync<EventLogUnavailableException>(OpenAsync)).Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_node_that_only_keeps_a_copy_refuses_appends_and_is_read()
    {
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, events);
        Server.Faults.ReadOnly = true;

        await MustFail(stream, At(1), Event());
        Assert.Equal(events.Length, await CountAsync());
    }

    private async Task<int> CountAsync()
    {
        var count = 0;
        await foreach (var batch in Log.ReadAllAsync(default, Cancel)) count += batch.Count;
        return count;
    }
}
