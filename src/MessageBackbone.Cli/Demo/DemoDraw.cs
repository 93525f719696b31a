using MessageBackbone.V1;

namespace MessageBackbone.Cli.Demo;

/// <summary>Who sends an item to whom, and how urgently.</summary>
internal sealed record Drawn(DemoItem Item, string From, IReadOnlyList<string> To, IReadOnlyList<string> Info, Precedence Precedence);

/// <summary>Draws senders, recipients and precedences. The same seed, bureaus and items give the same draw.</summary>
internal static class DemoDraw
{
    /// <summary>Of a hundred messages: mostly ROUTINE, as in life.</summary>
    private static readonly (int Below, Precedence Precedence)[] Precedences =
        [(5, Precedence.Flash), (15, Precedence.Immediate), (40, Precedence.Priority), (100, Precedence.Routine)];

    public static IReadOnlyList<Drawn> Draw(IReadOnlyList<DemoItem> items, IReadOnlyList<string> bureaus, int seed)
    {
        var chance = new Random(seed);
        var drawn = new Dictionary<string, Drawn>(StringComparer.Ordinal);
        foreach (var item in items.OrderBy(i => i.Answers is null ? 0 : 1)) drawn.Add(item.Name, One(item, bureaus, chance, drawn));
        return [.. drawn.Values];
    }

    private static Drawn One(DemoItem item, IReadOnlyList<string> bureaus, Random chance, Dictionary<string, Drawn> before)
    {
        var roll = chance.Next(100);
        var precedence = Precedences.First(p => roll < p.Below).Precedence;
        // An answer goes back from the first who was asked to the one who asked.
        if (item.Answers is { } request && before.TryGetValue(request, out var asked)) return new Drawn(item, asked.To[0], [asked.From], [], asked.Precedence);
        var order = bureaus.ToArray();
        chance.Shuffle(order);
        var others = order[1..];
        var to = chance.Next(1, Math.Min(2, others.Length) + 1);
        var info = chance.Next(4) == 0 ? Math.Min(1, others.Length - to) : 0;
        return new Drawn(item, order[0], others[..to], others[to..(to + info)], precedence);
    }
}
