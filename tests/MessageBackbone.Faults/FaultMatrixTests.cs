using MessageBackbone.Domain;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.Faults.Controls;
using MessageBackbone.Faults.Matrix;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Faults;

/// <summary>
/// Every write on a message's walk, gone wrong in every way: the message is delivered all the same, shown once, accepted once and receipted once.
/// </summary>
/// <remarks>Each of the five takes its caller's token. Whose it is: of an append, the call of FR's gateway; of a receipt, the stream of DE's; of the inbox, DE's own end
/// of that stream; of a publish, the publisher's limit for one send; of the plan, the node's stop and nothing else.</remarks>
public sealed class FaultMatrixTests
{
    private static readonly TimeSpan StruckWithin = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<Way> Ways => [.. Enum.GetValues<Way>()];

    /// <summary>The append of the acceptance to the log.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public Task The_append_goes_wrong(Way way) => OnTheLogAsync(way, EventTypes.NameOf(new Accepted()), OneProcess.Sender);

    /// <summary>The receipt's append to the log.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public Task The_receipt_goes_wrong(Way way) => OnTheLogAsync(way, EventTypes.NameOf(new Delivered()), OneProcess.Recipient);

    /// <summary>The reference's way to the broker.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_publish_goes_wrong(Way way)
    {
        var strike = new Strike(way);
        await using var house = await OneProcess.OpenAsync(
            new NodeEngines { Replace = services => NodeControls.Decorate(services, lanes => new StruckLanes(lanes, strike)) },
            static options => options.Routing.SendTimeout = TimeSpan.FromSeconds(1), new GatewayStores());

        await house.SendAsync();

        await EndsWellAsync(house, strike);
    }

    /// <summary>The recipient's gateway keeps message and receipt.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_inbox_goes_wrong(Way way)
    {
        var strike = new Strike(way);
        await using var house = await OneProcess.OpenAsync(
            new NodeEngines(), static _ => { }, new GatewayStores { Inbox = database => new StruckInbox(database, strike) });

        await house.SendAsync();
        await BreakAsync(house, strike, OneProcess.Recipient);

        await EndsWellAsync(house, strike);
    }

    [Fact]
    public async Task The_plan_fails_and_is_not_persisted()
    {
        await using var house = await OneProcess.OpenAsync(new NodeEngines(), static _ => { }, new GatewayStores());
        await ExecuteAsync(house, "create trigger fault before insert on row begin select raise(abort, 'The disk gives an error.'); end");

        await house.SendAsync();
        var plan = house.Node.Services.GetServices<IFollower>().Single(follower => follower.Name == "plan");
        await Houses.Waiting.UntilAsync("the plan is held up", () => Task.FromResult(plan.State != FollowerState.Running), Cancel);
        await ExecuteAsync(house, "drop trigger fault");

        Assert.Equal((1, 1, 1), await house.EndAsync());
    }

    [Fact]
    public async Task The_plan_fails_but_is_persisted()
    {
        var strike = new Strike(Way.Persisted);
        await using var house = await OpenBeforePlanAsync(strike);

        await house.SendAsync();
        await strike.Struck.WaitAsync(StruckWithin, Cancel);

        Assert.Equal((1, 1, 1), await house.EndAsync());
    }

    /// <summary>The node stops in the moment in which the planner hands the acceptance to the plan, or when it has.</summary>
    [Theory]
    [InlineData(Way.CancelledBefore, 0)]
    [InlineData(Way.CancelledQueued, 1)]
    public async Task The_plan_is_cancelled(Way way, long rowsThen)
    {
        var strike = new Strike(way);
        await using var house = await OpenBeforePlanAsync(strike);

        await house.SendAsync();
        await strike.Struck.WaitAsync(StruckWithin, Cancel);
        // First the room alone, as the host does it: what the plan has is then read while it is open.
        await house.Node.Services.GetRequiredService<RoutingService>().StopAsync(Cancel);
        Assert.Equal(rowsThen, house.Node.Services.GetRequiredService<Plan>().Ask.OpenRows());
        await house.RestartNodeAsync();

        Assert.Equal((1, 1, 1), await house.EndAsync());
    }

    private static async Task OnTheLogAsync(Way way, string type, string caller)
    {
        var (strike, points) = (new Strike(way), new SqliteFaultPoints());
        var engines = new NodeEngines
        {
            OpenLog = async (options, clock, logs, _) => new StruckLog(
                await SqliteEventLog.OpenAsync(
                    new SqliteEventLogOptions { Folder = options.DataFolder, FaultPoints = points }, clock, logs.CreateLogger<SqliteEventLog>()),
                points, type, strike),
        };
        await using var house = await OneProcess.OpenAsync(engines, static _ => { }, new GatewayStores());

        await house.SendAsync();
        await BreakAsync(house, strike, caller);

        await EndsWellAsync(house, strike);
    }

    private static Task<OneProcess> OpenBeforePlanAsync(Strike strike) =>
        OneProcess.OpenAsync(new NodeEngines { Replace = services => LogBeforePlan.Add(services, strike) }, static _ => { }, new GatewayStores());

    // The connection of the one whose token it is breaks; the gateway comes back by itself.
    private static async Task BreakAsync(OneProcess house, Strike strike, string caller)
    {
        await strike.Struck.WaitAsync(StruckWithin, Cancel);
        if (!strike.IsCancelled) return;
        house.Line(caller).Cut();
        house.Line(caller).Heal();
    }

    private static async Task EndsWellAsync(OneProcess house, Strike strike)
    {
        Assert.Equal(strike.MustBeThere, await strike.IsThere.WaitAsync(StruckWithin, Cancel));
        Assert.Equal((1, 1, 1), await house.EndAsync());
    }

    private static async Task ExecuteAsync(OneProcess house, string sql)
    {
        await using var database = new SqliteConnection($"Data Source={Path.Combine(house.NodeFolder, "plan.db")};Pooling=False;Default Timeout=30");
        await database.OpenAsync(Cancel);
        await using var command = database.CreateCommand();
#pragma warning disable CA2100 // this file's own texts
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
