using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Programs;
using MessageBackbone.Faults.Scheduling;

namespace MessageBackbone.Faults.Controls;

/// <summary>Scenes that need no broker.</summary>
internal static class MemoryScenes
{
    public const string InboxRepeats = "inbox-repeats", NewId = "new-id", ReceiptFirst = "receipt-first", AnswerFirst = "answer-first", Unordered = "unordered",
        Kept = "kept";

    // Within the window of PRIORITY: all are in hand at once.
    private const int Count = 12;

    public static IReadOnlyList<ControlRun> All { get; } =
    [
        new(InboxRepeats, "the inbox does not look whether it has a message already", "doubled", ComesAgainAsync),
        new(NewId, "the outbox signs under a new id when a message's fate is in doubt", "doubled", AnswerIsLostAsync),
        new(ReceiptFirst, "the gateway sends the receipt before its inbox is on disk", "lost", GatewayIsKilledAsync),
        new(AnswerFirst, "the node answers before the flush", "lost", NodeIsKilledAsync),
        new(Unordered, "a lane gives what is ready, not what is next", "out of order", MuchWaitsAsync),
        new(Kept, "a stream that ends gives back nothing of its lanes", "unresolved", LineIsCutAsync),
    ];

    // DE stores everything, and the log takes no receipt until the node has presented everything once more on DE's next stream.
    private static async Task ComesAgainAsync(Scene scene)
    {
        scene.House.Line(Scene.Recipient).Cut();
        await scene.SendAsync(Count);
        await scene.AnsweredAsync();
        await scene.RefuseAsync(NodeProgram.Name, "events.db", "insert on event");
        scene.House.Line(Scene.Recipient).Heal();
        await scene.ShownAsync(Count);
        scene.House.Line(Scene.Recipient).Cut();
        scene.House.Line(Scene.Recipient).Heal();
        await Waiting.UntilAsync("all is presented again", async () => await scene.AskPlanAsync("select min(attempts) from row") is >= 2L, scene.Cancel);
        await scene.MendAsync(NodeProgram.Name, "events.db");
        await scene.DeliveredAsync();
    }

    // The node accepts, and FR's gateway cannot write that down.
    private static async Task AnswerIsLostAsync(Scene scene)
    {
        await scene.RefuseAsync(Scene.Sender, "gateway.db", "update on outbox");
        await scene.SendAsync(Count);
        await scene.ShownAsync(Count);
        await scene.MendAsync(Scene.Sender, "gateway.db");
        await scene.AnsweredAsync();
    }

    private static async Task GatewayIsKilledAsync(Scene scene)
    {
        await scene.SendAsync(Count);
        await scene.DeliveredAsync();
        await scene.BreakAsync(FaultKind.Kill, Scene.Recipient);
    }

    private static async Task NodeIsKilledAsync(Scene scene)
    {
        await scene.SendAsync(Count);
        await scene.AnsweredAsync();
        await scene.BreakAsync(FaultKind.Kill, NodeProgram.Name);
    }

    private static async Task MuchWaitsAsync(Scene scene)
    {
        scene.House.Line(Scene.Recipient).Cut();
        await scene.SendAsync(Count);
        await scene.AnsweredAsync();
        scene.House.Line(Scene.Recipient).Heal();
        await scene.ShownAsync(Count);
    }

    private static async Task LineIsCutAsync(Scene scene)
    {
        await scene.SendAsync(1);
        await scene.DeliveredAsync();
        await scene.BreakAsync(FaultKind.Cut, Scene.Recipient);
        await scene.SendAsync(Count);
        await scene.AnsweredAsync();
    }
}
