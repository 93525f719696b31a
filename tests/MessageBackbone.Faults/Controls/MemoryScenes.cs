using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Programs;
using MessageBackbone.Faults.Scheduling;

namespace MessageBackbone.Faults.Controls;

/// <summary>Scenes that need no broker.</summary>
internal static class MemoryScenes
{
    public const string InboxRepeats = "inbox-repeats", NewId = "new-id", ReceiptFirst = "receipt-first", AnswerFirst = "answer-first", Unordered = "unordered",
        Scrambled = "scrambled", OutboxLate = "outbox-late", InboxOrder = "inbox-order", Kept = "kept", AcceptedTwice = "accepted-twice", Missing = "missing", Silent = "silent";

    // Within the window of PRIORITY: all are in hand at once.
    public const int Count = 12;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(3), Never = TimeSpan.FromHours(1);

    public static IReadOnlyList<ControlRun> All { get; } =
    [
        new(InboxRepeats, "the inbox does not look whether it has a message already", "doubled", ComesAgainAsync),
        new(NewId, "the outbox signs under a new id when a message's fate is in doubt", "doubled", AnswerIsLostAsync),
        new(ReceiptFirst, "the gateway sends the receipt before its inbox is on disk", "lost", GatewayIsKilledAsync) { UnbrokenAsync = GatewayWritesLateAsync },
        new(AnswerFirst, "the node answers before the flush", "lost", NodeIsKilledAsync) { UnbrokenAsync = NodeWritesLateAsync },
        new(OutboxLate, "the gateway tells its caller that a message is sent before its outbox is on disk", "lost", SenderIsKilledAsync)
        {
            UnbrokenAsync = SenderWritesLateAsync,
        },
        new(InboxOrder, "the inbox keeps what comes after a message that it could not keep", "out of order", OneIsNotKeptAsync),
        new(Unordered, "a lane gives what is ready, not what is next", "out of order", MuchWaitsAsync) { Fault = Scrambled },
        new(Kept, "a stream that ends gives back nothing of its lanes", "unresolved", LineIsCutAsync),
        new(AcceptedTwice, "the node does not look whether it has accepted a message already", "doubled", SameBytesAsync) { WithRaw = true },
        new(Missing, "a lane does not look after a number that the transport lost", "unresolved", OneIsLostAsync)
        {
            Configure = static options => options.Delivering.MissingAfter = Never,
        },
        new(Silent, "what a gateway has in hand for too long is not taken back", "unresolved", OneIsNotAnsweredAsync)
        {
            Fault = Silent,
            Always = static options => options.Delivering.InHandAtMost = Soon,
            Configure = static options => options.Delivering.InHandAtMost = Never,
        },
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

    // Its receipts were recorded before they were stored: the next stream brings them once more, and then both sides know.
    private static async Task GatewayWritesLateAsync(Scene scene)
    {
        await scene.SendAsync(Count);
        await scene.DeliveredAsync();
        await scene.WriteHeldAsync(Scene.Recipient);
        await scene.BreakAsync(FaultKind.Cut, Scene.Recipient);
    }

    private static async Task SenderIsKilledAsync(Scene scene)
    {
        await SendIntoOutboxAsync(scene);
        await scene.BreakAsync(FaultKind.Kill, Scene.Sender);
        scene.House.Line(Scene.Sender).Heal();
    }

    private static async Task SenderWritesLateAsync(Scene scene)
    {
        await SendIntoOutboxAsync(scene);
        await scene.WriteHeldAsync(Scene.Sender);
        scene.House.Line(Scene.Sender).Heal();
    }

    // The first one goes through, so that FR knows to whom it may send; of the others the node has seen nothing.
    private static async Task SendIntoOutboxAsync(Scene scene)
    {
        await scene.SendAsync(1);
        await scene.ShownAsync(1);
        scene.House.Line(Scene.Sender).Cut();
        await scene.SendAsync(Count);
    }

    // DE's store takes all but the first, until it has tried.
    private static async Task OneIsNotKeptAsync(Scene scene)
    {
        scene.House.Line(Scene.Recipient).Cut();
        await scene.SendAsync(Count);
        await scene.AnsweredAsync();
        var first = (await scene.House[Scene.Sender].OutboxAsync(scene.Cancel))[^1].MessageId;
        await scene.RefuseAsync(Scene.Recipient, "gateway.db", $"insert on inbox when new.message_id = '{first}'");
        scene.House.Line(Scene.Recipient).Heal();
        await scene.LoggedAsync(Scene.Recipient, $"Processing {first} failed");
        if (!scene.IsProtected) await scene.ShownAsync(Count - 1);
        await scene.MendAsync(Scene.Recipient, "gateway.db");
        await scene.ShownAsync(Count);
    }

    private static async Task NodeIsKilledAsync(Scene scene)
    {
        await scene.SendAsync(Count);
        await scene.AnsweredAsync();
        await scene.BreakAsync(FaultKind.Kill, NodeProgram.Name);
    }

    private static async Task NodeWritesLateAsync(Scene scene)
    {
        await scene.SendAsync(Count);
        await scene.AnsweredAsync();
        await scene.WriteHeldAsync(NodeProgram.Name);
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

    // The second time only when nothing of the first is under way any more: what comes then is accepted anew or is known.
    private static async Task SameBytesAsync(Scene scene)
    {
        using var raw = scene.OpenRaw();
        var again = new List<Func<Task>>();
        for (var i = 0; i < Count; i++) again.Add(await raw.SendAsync(Scene.Recipient, scene.Cancel));
        await scene.ShownAsync(Count);
        await scene.RowsAsync(0, "true");
        foreach (var send in again) await send();
    }

    // The plan is told that the first was confirmed, as after a broker that confirmed and lost it. DE's lanes are closed: nothing is sent meanwhile.
    private static async Task OneIsLostAsync(Scene scene)
    {
        scene.House.Line(Scene.Recipient).Cut();
        await scene.AttendedAsync(false);
        await scene.SendAsync(Count);
        await scene.AnsweredAsync();
        await scene.RowsAsync(Count, "published = 0");
        await scene.ExecuteAsync(NodeProgram.Name, "plan.db", "update row set published = 1 where sequence = 1");
        scene.House.Line(Scene.Recipient).Heal();
        await scene.AttendedAsync(true);
    }

    // The last one's first presentation comes to nothing, and the stream goes on.
    private static async Task OneIsNotAnsweredAsync(Scene scene)
    {
        await scene.SendAsync(Count);
        await scene.ShownAsync(Count - 1);
    }
}
