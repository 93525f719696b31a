using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Scheduling;
using RabbitMQ.Client;

namespace MessageBackbone.Faults.Controls;

/// <summary>Scenes with a broker of their own.</summary>
internal static class BrokerScenes
{
    public const string Unconfirmed = "unconfirmed", WipedUnnoticed = "wiped-unnoticed";

    private const int Count = 20;

    public static IReadOnlyList<ControlRun> All { get; } =
    [
        new(Unconfirmed, "a send counts as done without the broker's word", "unresolved", BrokerFallsSilentAsync) { RabbitMq = true, Configure = NoSecondLook },
        new(WipedUnnoticed, "nobody looks whether the broker is the one of before", "unresolved", BrokerIsWipedAsync) { RabbitMq = true, Configure = NoSecondLook },
    ];

    // Rows whose queue stays empty are published again after a while, whatever was thought of them: that net is away too.
    private static void NoSecondLook(Node.Hosting.NodeOptions options) => options.Routing.QueueEmptyAfter = TimeSpan.FromHours(1);

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
        await Waiting.UntilAsync("all is at the broker", async () => await scene.AskPlanAsync("select count(*) from row where published = 1") is (long)Count, scene.Cancel);
        var guid = new Guid((byte[])(await scene.AskPlanAsync("select guid from incarnation"))!, bigEndian: true);
        scene.House.Line("broker").Cut();
        await scene.House.Broker!.KillAsync();
        scene.House.Broker.Wipe();
        await scene.House.Broker.StartAgainAsync(scene.Cancel);
        if (scene.House.Control == WipedUnnoticed) await LookTheSameAsync(scene, $"backbone.incarnation.{guid}");
        scene.House.Line("broker").Heal();
        scene.House.Line(Scene.Recipient).Heal();
    }

    // What the node knows the broker by is put there before it looks: so it sees no difference.
    private static async Task LookTheSameAsync(Scene scene, string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = scene.House.Broker!.Address }.CreateConnectionAsync(scene.Cancel);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: scene.Cancel);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: scene.Cancel);
    }
}
