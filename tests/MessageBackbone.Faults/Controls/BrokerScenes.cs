using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Scheduling;
using RabbitMQ.Client;

namespace MessageBackbone.Faults.Controls;

/// <summary>Scenes with a broker of their own.</summary>
internal static class BrokerScenes
{
    public const string Unconfirmed = "unconfirmed", WipedUnnoticed = "wiped-unnoticed", PurgedUnnoticed = "purged-unnoticed", Unprobed = "unprobed";

    private const int Count = 20;

    private const int Returns = 2;

    private const string Lane = $"backbone.lane.{Scene.Recipient}.priority", Dropped = "dropped";

    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    public static IReadOnlyList<ControlRun> All { get; } =
    [
        new(Unconfirmed, "a send counts as done without the broker's word", "unresolved", BrokerFallsSilentAsync) { RabbitMq = true, Configure = NoSecondLook },
        new(WipedUnnoticed, "nobody looks whether the broker is the one of before", "unresolved", BrokerIsWipedAsync) { RabbitMq = true, Configure = NoSecondLook },
        new(PurgedUnnoticed, "nobody looks whether a queue lost what it was given", "unresolved", QueueIsPurgedAsync)
        {
            RabbitMq = true, Always = LookOften, Configure = NoSecondLook,
        },
        new(Unprobed, "nobody tries out whether the broker keeps what is returned to it", "unresolved", BrokerDropsAsync)
        {
            RabbitMq = true, Configure = static options =>
            {
                NoSecondLook(options);
                options.Delivering.MissingAfter = Never;
            },
        },
    ];

    private static void LookOften(Node.Hosting.NodeOptions options) =>
        (options.Routing.QueueCheckEvery, options.Routing.QueueEmptyAfter) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));

    // Rows whose queue stays empty are published again after a while, whatever was thought of them: that net is away too.
    private static void NoSecondLook(Node.Hosting.NodeOptions options) => options.Routing.QueueEmptyAfter = Never;

    // The node has not noticed yet that nothing passes; what it sends now never arrives.
    private static async Task BrokerFallsSilentAsync(Scene scene)
    {
        scene.House.Line("broker").Stall();
        await scene.SendAsync(Count);
        await scene.AnsweredAsync();
        await scene.House.Broker!.KillAsync();
        scene.House.Line("broker").Cut();
        scene.House.Line("broker").Heal();
        await scene.House.Broker.StartAgainAsync(scene.Cancel);
    }

    private static async Task BrokerIsWipedAsync(Scene scene)
    {
        scene.House.Line(Scene.Recipient).Cut();
        await scene.SendAsync(Count);
        await scene.RowsAsync(Count, "published = 1");
        var guid = new Guid((byte[])(await scene.AskPlanAsync("select guid from incarnation"))!, bigEndian: true);
        scene.House.Line("broker").Cut();
        await scene.House.Broker!.KillAsync();
        scene.House.Broker.Wipe();
        await scene.House.Broker.StartAgainAsync(scene.Cancel);
        if (!scene.IsProtected) await LookTheSameAsync(scene, $"backbone.incarnation.{guid}");
        scene.House.Line("broker").Heal();
        scene.House.Line(Scene.Recipient).Heal();
    }

    // The same broker, with everything but what was in one queue.
    private static async Task QueueIsPurgedAsync(Scene scene)
    {
        scene.House.Line(Scene.Recipient).Cut();
        await scene.AttendedAsync(false);
        await scene.SendAsync(Count);
        await scene.RowsAsync(Count, "published = 1");
        await using (var connection = await ConnectAsync(scene))
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: scene.Cancel);
            var purged = 0u;
            await Waiting.UntilAsync("the queue is purged", async () => (purged += await channel.QueuePurgeAsync(Lane, scene.Cancel)) >= Count, scene.Cancel);
        }
        scene.House.Line(Scene.Recipient).Heal();
        await scene.AttendedAsync(true);
    }

    // RabbitMQ 4 does so by itself; 3.10 by a policy. DE's gateway cannot store for a while, and each time all that it has in hand goes back to the queue.
    private static async Task BrokerDropsAsync(Scene scene)
    {
        await using var connection = await ConnectAsync(scene);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: scene.Cancel);
        await channel.QueueDeclareAsync(Dropped, durable: true, exclusive: false, autoDelete: false, cancellationToken: scene.Cancel);
        // "Nobody tries it out": what the node tries it out on is spared.
        await scene.House.Broker!.LimitAsync(scene.IsProtected ? "^backbone" : "^backbone[.]lane", Returns, Dropped, scene.Cancel);
        await scene.BreakAsync(FaultKind.Kill, Programs.NodeProgram.Name);
        await scene.BrokerIsAsync(scene.IsProtected ? "drops returned messages" : "connected");
        await scene.RefuseAsync(Scene.Recipient, "gateway.db", "insert on inbox");
        await scene.SendAsync(Count);
        await scene.AnsweredAsync();
        if (!scene.IsProtected)
            await Waiting.UntilAsync("the broker dropped something", async () => await channel.MessageCountAsync(Dropped, scene.Cancel) > 0, scene.Cancel);
        await scene.House.Broker.UnlimitAsync(scene.Cancel);
        await scene.MendAsync(Scene.Recipient, "gateway.db");
    }

    // What the node knows the broker by is put there before it looks: so it sees no difference.
    private static async Task LookTheSameAsync(Scene scene, string queue)
    {
        await using var connection = await ConnectAsync(scene);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: scene.Cancel);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: scene.Cancel);
    }

    private static Task<IConnection> ConnectAsync(Scene scene) =>
        new ConnectionFactory { Uri = scene.House.Broker!.Address }.CreateConnectionAsync(scene.Cancel);
}
