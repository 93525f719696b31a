using MessageBackbone.Faults.Houses;

namespace MessageBackbone.Faults.Judging;

/// <summary>Something that waits still.</summary>
/// <param name="Reference">The message; empty: it is not about a single one.</param>
/// <param name="Text">What was seen last.</param>
internal sealed record Unfinished(string Reference, string Text);

/// <summary>What every party ended with.</summary>
internal sealed record Ends
{
    public required NodeLog Log { get; init; }

    /// <summary>What each bureau sent.</summary>
    public required IReadOnlyDictionary<string, List<Queued>> Outboxes { get; init; }

    /// <summary>What each bureau was shown, in the order in which it came.</summary>
    public required IReadOnlyDictionary<string, List<Shown>> Inboxes { get; init; }

    /// <summary>(Reference, bureau) → SHA-256 of the file that came with the message.</summary>
    public required IReadOnlyDictionary<(string Reference, string Bureau), string> Files { get; init; }

    /// <summary>(Reference, bureau) → what the sender's gateway says about who holds what it recalled.</summary>
    public required IReadOnlyDictionary<(string Reference, string Bureau), string> Holders { get; init; }

    /// <summary>What did not come to an end in time.</summary>
    public required IReadOnlyList<Unfinished> Unfinished { get; init; }
}

/// <summary>What is wrong, each in a line that names the message and where it was last seen.</summary>
internal sealed record Findings(int Messages, IReadOnlyList<string> Lost, IReadOnlyList<string> Doubled, IReadOnlyList<string> OutOfOrder, IReadOnlyList<string> Unresolved)
{
    /// <summary>What happened to deliveries, and how often.</summary>
    public IReadOnlyDictionary<Happened, int> Ended { get; init; } = new Dictionary<Happened, int>();

    public bool Good => Lost.Count + Doubled.Count + OutOfOrder.Count + Unresolved.Count == 0;

    /// <summary>The last line of a run.</summary>
    public string Line(int faults) =>
        $"faults {faults}, messages {Messages}, lost {Lost.Count}, doubled {Doubled.Count}, out of order {OutOfOrder.Count}, unresolved {Unresolved.Count}";

    public IEnumerable<string> Details() =>
        [.. Lost.Select(text => $"lost: {text}"), .. Doubled.Select(text => $"doubled: {text}"), .. OutOfOrder.Select(text => $"out of order: {text}"),
            .. Unresolved.Select(text => $"unresolved: {text}")];
}

/// <summary>Findings as they are made.</summary>
internal sealed class Damage
{
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    public List<string> Lost { get; } = [];

    public List<string> Doubled { get; } = [];

    public List<string> OutOfOrder { get; } = [];

    public List<string> Unresolved { get; } = [];

    public void Lose(string reference, string text) => Add(Lost, reference, text);

    public void Double(string reference, string text) => Add(Doubled, reference, text);

    public void Leave(string reference, string text) => Add(Unresolved, reference, text);

    /// <summary>Something was found about this message.</summary>
    public bool IsTold(string reference) => _told.Contains(reference);

    private void Add(List<string> kind, string reference, string text)
    {
        kind.Add(text);
        _told.Add(reference);
    }
}
