using MessageBackbone.Domain;
using MessageBackbone.Faults.Controls;
using MessageBackbone.Faults.Matrix;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Faults;

/// <summary>
/// Every write on a message's walk, gone wrong in every way: the message is delivered all the same, shown once, accepted once and receipted once.
/// </summary>
public sealed class FaultMatrixTests
{
    private static readonly TimeSpan StruckWithin = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The append of the acceptance to the log.</summary>
    [Theory]
    [InlineData(Way.NotPersisted)]
    [InlineData(Way.Persisted)]
    [InlineData(Way.Cancelled)]
    public Task The_append_goes_wrong(Way way) => OnTheLogAsync(way, EventTypes.NameOf(new Accepted()));

    /// <summary>The receipt's append to the log.</summary>
    [Theory]
    [InlineData(Way.NotPersisted)]
    [InlineData(Way.Persisted)]
    [InlineData(Way.Cancelled)]
    public Task The_receipt_goes_wrong(Way way) => OnTheLogAsync(way, EventTypes.NameOf(new Delivered()));

    /// <summary>The reference's way to the broker.</summary>
    [Theory]
    [InlineData(Way.NotPersisted)]
    [InlineData(Way.Persisted)]
    [InlineData(Way.Cancelled)]
    public async Task The_publish_goes_wrong(Way way)
    {
        var strike = new Strike(way);
        await using var house = await OneProcess.OpenAsync(
            new NodeEngines { Replace = services => NodeControls.Decorate(services, lanes => new StruckLanes(lanes, strike)) }, static _ => { }, new GatewayStores());

        await house.SendAsync();

        await EndsWellAsync(house, strike);
    }

    /// <summary>The recipient's gateway keeps message and receipt.</summary>
    [Theory]
    [InlineData(Way.NotPersisted)]
    [InlineData(Way.Persisted)]
    [InlineData(Way.Cancelled)]
    public async Task The_inbox_goes_wrong(Way way)
    {
        var strike = new Strike(way);
        await using var house = await OneProcess.OpenAsync(
            new NodeEngines(), static _ => { }, new GatewayStores { Inbox = database => new StruckInbox(database, strike) });

        await house.SendAsync();

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

        await EndsWellAsync(house, strike);
    }

    [Fact]
    public async Task The_plan_is_cancelled()
    {
        var strike = new Strike(Way.Cancelled);
        await using var house = await OpenBeforePlanAsync(strike);

        await house.SendAsync();
        await strike.Struck.WaitAsync(StruckWithin, Cancel);
        await house.RestartNodeAsync();

        await EndsWellAsync(house, strike);
    }

    private static async Task OnTheLogAsync(Way way, string type)
    {
        var strike = new Strike(way);
        var ordinary = new NodeEngines();
        var engines = ordinary with { OpenLog = async (folder, clock, logs) => new StruckLog(await ordinary.OpenLog(folder, clock, logs), type, strike) };
        await using var house = await OneProcess.OpenAsync(engines, static _ => { }, new GatewayStores());

        await house.SendAsync();

        await EndsWellAsync(house, strike);
    }

    private static Task<OneProcess> OpenBeforePlanAsync(Strike strike)
    {
        var ordinary = new NodeEngines();
        var engines = ordinary with
        {
            OpenLog = async (folder, clock, logs) => new LogBeforePlan(
                await ordinary.OpenLog(folder, clock, logs), Path.Combine(folder, "plan.db"), EventTypes.NameOf(new Accepted()), strike),
        };
        return OneProcess.OpenAsync(engines, static _ => { }, new GatewayStores());
    }

    private static async Task EndsWellAsync(OneProcess house, Strike strike)
    {
        await strike.Struck.WaitAsync(StruckWithin, Cancel);
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
