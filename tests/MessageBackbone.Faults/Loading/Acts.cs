namespace MessageBackbone.Faults.Loading;

/// <summary>One thing that a bureau does.</summary>
/// <param name="Before">So long after the act before.</param>
internal sealed record Act(What What, IReadOnlyList<string> To, string Precedence, TimeSpan Before)
{
    /// <summary>Bytes of the text, or of the file.</summary>
    public int Size { get; init; } = 1;

    /// <summary>When it is recalled; by when it is to be delivered.</summary>
    public TimeSpan Later { get; init; }

    public string Alternate { get; init; } = "";

    public bool Refuse { get; init; }

    public string Conversation { get; init; } = "";
}

/// <summary>What each bureau does, without end: plain messages in a trickle with bursts, and every few of them one that more is to become of. The same seed and
/// bureaus give the same acts; how many of them a run comes to depends on what breaks.</summary>
internal static class Acts
{
    private const int TurnsBetween = 4, RareEvery = 3;

    // Above what travels inside a delivery: the gateway fetches it with a call of its own.
    private const int Large = 90_000;

    private static readonly string[] Precedences = ["routine", "routine", "routine", "routine", "priority", "priority", "immediate", "flash"];
    private static readonly What[] Often = [What.Opened, What.Request, What.Recalled, What.Dated, What.Late];

    // They cost disk and patience: files lie at three places, and a conversation waits till the end.
    private static readonly What[] Rare = [What.File, What.Poison];

    /// <param name="silent">A bureau that nobody attends for: what is sent there besides ends before it is delivered. Empty: there is none.</param>
    public static IEnumerable<Act> Of(int seed, string from, IReadOnlyCollection<string> gateways, string silent = "")
    {
        string[] all = [.. gateways.Order(StringComparer.Ordinal)], others = [.. all.Where(bureau => bureau != from)];
        var random = new Random(unchecked((seed * 31) + Array.IndexOf(all, from)));
        var dealt = 0;
        var special = new Queue<What>();
        for (var turn = 1; ; turn++)
        {
            var burst = random.Next(20) == 0 ? random.Next(20, 60) : 1;
            for (var i = 0; i < burst; i++) yield return Plain(random, others, i == 0 ? Milliseconds(random, 20, 300) : TimeSpan.Zero);
            if (turn % TurnsBetween > 0) continue;
            if (special.Count == 0) special = Deal(random, dealt++ % RareEvery == 0, others.Length > 1);
            yield return Special(random, special.Dequeue(), others, silent);
        }
    }

    // Each once in an order by chance, then by chance anew: also a short run has all of them.
    private static Queue<What> Deal(Random random, bool withRare, bool withAlternate)
    {
        What[] some = [.. Often.Where(what => withAlternate || what != What.Late), .. withRare ? Rare : []];
        random.Shuffle(some);
        return new Queue<What>(some);
    }

    private static Act Plain(Random random, string[] others, TimeSpan before) =>
        new(What.Plain, Some(random, others), Precedences[random.Next(Precedences.Length)], before) { Size = random.Next(40) == 0 ? Large : 1 };

    private static Act Special(Random random, What what, string[] others, string silent)
    {
        var one = others[random.Next(others.Length)];
        var calm = random.Next(2) == 0 ? "routine" : "priority";
        var act = new Act(what, [one], calm, TimeSpan.Zero);
        return what switch
        {
            What.Opened => act with { To = Some(random, others), Precedence = Precedences[random.Next(Precedences.Length)] },
            What.Request => act with { To = Some(random, others) },
            What.Recalled => act with { To = With(random, Some(random, others), silent), Later = Milliseconds(random, 0, 1_500) },
            What.Dated => Dated(random, act with { To = With(random, Some(random, others), silent) }, silent),
            What.Late => act with { Precedence = "immediate", Alternate = others.First(bureau => bureau != one) },
            What.File => act with { Size = random.Next(256 << 10, 2 << 20) },
            _ => act with { Refuse = random.Next(2) == 0, Conversation = Id(random) },
        };
    }

    // Where nobody attends it is not to be refused for being late at the node: it expires in any case.
    private static Act Dated(Random random, Act act, string silent) =>
        act with { Later = act.To.Contains(silent) ? Milliseconds(random, 150_000, 240_000) : Milliseconds(random, 1_000, 6_000) };

    private static string[] Some(Random random, string[] others) => others.Length > 1 && random.Next(3) > 0 ? [others[random.Next(others.Length)]] : others;

    private static string[] With(Random random, string[] some, string silent) => random.Next(2) == 0 && silent.Length > 0 ? [.. some, silent] : some;

    private static string Id(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString("D");
    }

    private static TimeSpan Milliseconds(Random random, int from, int to) => TimeSpan.FromMilliseconds(random.Next(from, to));
}
