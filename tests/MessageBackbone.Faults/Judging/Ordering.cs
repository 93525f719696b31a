using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults.Judging;

/// <summary>
/// In each inbox and precedence the numbers grow, each is the one that the log's order gives, and none is left out but those of deliveries that ended unshown. What was kept
/// apart, and what is of its conversation, may come later; it comes in the order of the log among itself.
/// </summary>
internal static class Ordering
{
    public static void Judge(IReadOnlyList<Sent> journal, Ends ends, Damage damage)
    {
        var walks = ends.Log.Walks.GroupBy(walk => walk.Bureau).ToDictionary(bureau => bureau.Key, bureau => bureau.ToList());
        foreach (var (bureau, inbox) in ends.Inboxes)
        {
            var mine = walks.GetValueOrDefault(bureau, []);
            var apart = mine.Where(walk => walk.Has(Happened.Quarantined)).Select(walk => walk.Message.Conversation).ToHashSet(StringComparer.Ordinal);
            var late = mine.Where(walk => walk.Has(Happened.Quarantined) || (walk.Message.Conversation.Length > 0 && apart.Contains(walk.Message.Conversation)))
                .Select(walk => walk.Message.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var lane in inbox.GroupBy(message => message.Precedence))
                damage.OutOfOrder.AddRange(OfLane($"{bureau} {lane.Key}", [.. lane], [.. mine.Where(walk => walk.Precedence == lane.Key)], late));
            foreach (var poison in journal.Where(sent => sent.What == What.Poison && sent.To.Contains(bureau)))
                damage.OutOfOrder.AddRange(OfConversation(poison, bureau, inbox, mine));
        }
    }

    private static IEnumerable<string> OfLane(string name, List<Shown> lane, List<Walk> walks, HashSet<string> late)
    {
        // What was accepted twice is told as doubled.
        var numbers = walks.DistinctBy(walk => walk.Message.Id).ToDictionary(walk => walk.Message.Id, walk => walk.Number, StringComparer.Ordinal);
        var last = 0ul;
        // What is shown twice is told as that.
        foreach (var message in lane.DistinctBy(message => message.Sequence))
        {
            if (numbers.GetValueOrDefault(message.MessageId, message.Sequence) is var number && number != message.Sequence)
                yield return $"{name}: {message.Sequence} is {message.Reference}, whose number is {number}";
            if (late.Contains(message.MessageId)) continue;
            if (message.Sequence <= last) yield return $"{name}: {message.Sequence} ({message.Reference}) came after {last}";
            last = Math.Max(last, message.Sequence);
        }
        var there = lane.Select(message => message.Sequence).Concat(walks.Select(walk => walk.Number)).ToHashSet();
        for (var number = 1ul; number <= last; number++)
            if (!there.Contains(number))
                yield return $"{name}: {number} never came, {last} did";
    }

    // What was sent behind a poison comes after it, if it comes at all, and in the order of the log.
    private static IEnumerable<string> OfConversation(Sent poison, string bureau, List<Shown> inbox, List<Walk> walks)
    {
        var order = walks.Where(walk => walk.Message.Conversation == poison.Conversation && !Kinds.IsControl(walk.Message.Kind)).Select(walk => walk.Message.Id).ToList();
        var came = inbox.Where(message => order.Contains(message.MessageId)).DistinctBy(message => message.MessageId).ToList();
        for (var i = 1; i < came.Count; i++)
            if (order.IndexOf(came[i].MessageId) < order.IndexOf(came[i - 1].MessageId))
                yield return $"{bureau}: {came[i].Reference} came after {came[i - 1].Reference}, and was sent before it";
    }
}
