using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults.Judging;

/// <summary>After everything is healed, ends each quarantine as an operator does: releases in the order of the log, or refuses what the load says.</summary>
internal sealed class Operator(House house, Journal journal, Books books)
{
    // What is quarantined again and again is not to keep the run from its end.
    private const int MostReleases = 3;

    private readonly Dictionary<(string Id, string Bureau), int> _done = [];

    /// <summary>The first of each conversation at each bureau. What is left to do, in words.</summary>
    public async Task<IReadOnlyList<Unfinished>> LookAsync(CancellationToken cancellationToken)
    {
        var left = new List<Unfinished>();
        var refused = journal.All.Where(sent => sent.Refuse).Select(sent => sent.Conversation).ToHashSet(StringComparer.Ordinal);
        foreach (var (id, bureau, conversation) in (await books.QuarantinedAsync(cancellationToken)).DistinctBy(one => (one.Bureau, one.Conversation)))
        {
            left.Add(new Unfinished("", $"{id} is quarantined at {bureau}"));
            if (_done.GetValueOrDefault((id, bureau)) is var times && times >= MostReleases) continue;
            _done[(id, bureau)] = times + 1;
            string[] order = refused.Contains(conversation) ? ["refuse", id, "--reason", "NOT_READABLE"] : ["release", id];
            await house.CommandAsync(["ops", "quarantine", .. order, "--bureau", bureau, "--yes"]);
        }
        return left;
    }
}
