using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults.Judging;

/// <summary>Something that waits still.</summary>
/// <param name="Reference">The message; empty: it is not about a single one.</param>
/// <param name="Text">What was seen last.</param>
internal sealed record Unfinished(string Reference, string Text);

/// <summary>What every party ended with.</summary>
internal sealed record Ends
{
    /// <summary>Reference → how often the log accepted it.</summary>
    public required IReadOnlyDictionary<string, int> Accepted { get; init; }

    /// <summary>(Reference, bureau) → how often the log says DELIVERED.</summary>
    public required IReadOnlyDictionary<(string Reference, string Bureau), int> Delivered { get; init; }

    /// <summary>What each bureau sent.</summary>
    public required IReadOnlyDictionary<string, List<Queued>> Outboxes { get; init; }

    /// <summary>What each bureau was shown, in the order in which it came.</summary>
    public required IReadOnlyDictionary<string, List<Shown>> Inboxes { get; init; }

    /// <summary>What did not come to an end in time.</summary>
    public required IReadOnlyList<Unfinished> Unfinished { get; init; }

    /// <summary>(Reference, bureau) of deliveries that the node had still to make when time was up.</summary>
    public required IReadOnlySet<(string Reference, string Bureau)> Open { get; init; }
}

/// <summary>What is wrong, each in a line that names the message and where it was last seen.</summary>
internal sealed record Findings(int Messages, IReadOnlyList<string> Lost, IReadOnlyList<string> Doubled, IReadOnlyList<string> OutOfOrder, IReadOnlyList<string> Unresolved)
{
    public bool Good => Lost.Count + Doubled.Count + OutOfOrder.Count + Unresolved.Count == 0;

    /// <summary>The last line of a run.</summary>
    public string Line(int faults) =>
        $"faults {faults}, messages {Messages}, lost {Lost.Count}, doubled {Doubled.Count}, out of order {OutOfOrder.Count}, unresolved {Unresolved.Count}";

    public IEnumerable<string> Details() =>
        [.. Lost.Select(text => $"lost: {text}"), .. Doubled.Select(text => $"doubled: {text}"), .. OutOfOrder.Select(text => $"out of order: {text}"),
            .. Unresolved.Select(text => $"unresolved: {text}")];
}
