using MessageBackbone.Faults.Houses;

namespace MessageBackbone.Faults.Scheduling;

/// <summary>What breaks when. The same seed, length and house give the same faults.</summary>
internal static class Schedule
{
    /// <summary>The last faults begin so long before the end, so that they are healed by then.</summary>
    private static readonly TimeSpan Tail = TimeSpan.FromSeconds(4);

    private static readonly string[] GatewayTables = ["outbox:insert", "outbox:update", "inbox:insert", "receipts:insert", "receipts:update"];
    private static readonly string[] PlanTables = ["row:insert", "row:update", "row:delete"];

    public static IReadOnlyList<Fault> Make(int seed, TimeSpan length, IReadOnlyCollection<string> gateways, Engines engines)
    {
        var random = new Random(seed);
        var bureaus = gateways.Order(StringComparer.Ordinal).ToArray();
        var faults = new List<Fault>();
        // Every kind once at first in an order by chance, then by chance alone: also a short run has all of them.
        var kinds = new Queue<FaultKind>(Shuffled(random, engines));
        for (var at = Seconds(random, 1, 2); at < length - Tail; at += Seconds(random, 0.5, 3))
        {
            if (kinds.Count == 0) kinds = new Queue<FaultKind>(Shuffled(random, engines));
            faults.Add(One(random, at, kinds.Dequeue(), bureaus, engines));
        }
        return faults;
    }

    private static Fault One(Random random, TimeSpan at, FaultKind kind, string[] bureaus, Engines engines)
    {
        var bureau = bureaus[random.Next(bureaus.Length)];
        string[] parts = ["node", .. engines.RabbitMq ? ["broker"] : Array.Empty<string>(), .. engines.LogServer ? ["log"] : Array.Empty<string>(), bureau];
        var part = parts[random.Next(parts.Length)];
        var onNode = random.Next(2) == 0;
        return kind switch
        {
            FaultKind.Kill => new Fault(at, kind, part, Seconds(random, 0, 3)),
            FaultKind.Suspend => new Fault(at, kind, part, Seconds(random, 0.5, 6)),
            FaultKind.Wipe => new Fault(at, kind, "broker", Seconds(random, 0, 3)),
            FaultKind.Cut => new Fault(at, kind, LineOf(part, bureau), random.Next(2) == 0 ? TimeSpan.Zero : Seconds(random, 0.1, 4)),
            FaultKind.Stall => new Fault(at, kind, LineOf(part, bureau), Seconds(random, 1, 12)),
            FaultKind.Slow => new Fault(at, kind, LineOf(part, bureau), Seconds(random, 2, 8), $"{random.Next(5, 100)}"),
            FaultKind.DiskFull => new Fault(at, kind, onNode && !engines.LogServer ? "node" : bureau, Seconds(random, 1, 5)),
            FaultKind.FlushFails or FaultKind.AnswerLost => new Fault(at, kind, "node", TimeSpan.Zero),
            FaultKind.Locked => new Fault(at, kind, onNode ? "node/plan.db" : $"{bureau}/gateway.db", Seconds(random, 1, 7)),
            FaultKind.Refuses when onNode => new Fault(at, kind, "node/plan.db", Seconds(random, 0.5, 4), PlanTables[random.Next(PlanTables.Length)]),
            FaultKind.Refuses => new Fault(at, kind, $"{bureau}/gateway.db", Seconds(random, 0.5, 4), GatewayTables[random.Next(GatewayTables.Length)]),
            _ => new Fault(at, kind, onNode ? "node" : bureau, Seconds(random, 2, 8), $"{(onNode ? random.Next(-60, 60) : random.Next(-900, 900))}"),
        };
    }

    private static string LineOf(string part, string bureau) => part == "node" ? bureau : part;

    private static FaultKind[] Shuffled(Random random, Engines engines)
    {
        // What happens most often in life comes twice.
        FaultKind[] kinds = [.. Enum.GetValues<FaultKind>().Where(kind => IsOf(kind, engines)), FaultKind.Kill, FaultKind.Cut];
        random.Shuffle(kinds);
        return kinds;
    }

    // A commit can be made to fail in a log that is the node's own file; in a server's, an answer is lost with its process or its line.
    private static bool IsOf(FaultKind kind, Engines engines) => kind switch
    {
        FaultKind.Wipe => engines.RabbitMq,
        FaultKind.FlushFails or FaultKind.AnswerLost => !engines.LogServer,
        _ => true,
    };

    private static TimeSpan Seconds(Random random, double from, double to) => TimeSpan.FromSeconds(from + (random.NextDouble() * (to - from)));
}
