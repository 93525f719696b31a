using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults.Judging;

/// <summary>
/// What each party must end with, from what was answered to the senders alone. Taken: every recipient is shown it once. Refused: nobody is. No answer: once for every
/// recipient or for none, as the sender's outbox or the log says. In each inbox and precedence the numbers grow, with none left out. A message whose gateway's clock
/// was too far ahead for too long ends refused with CLOCK_SKEW, and its sender reads so: that is an end, and nobody may be shown it.
/// </summary>
internal static class Model
{
    public static Findings Judge(IReadOnlyList<Sent> journal, Ends ends)
    {
        var (lost, doubled) = (new List<string>(), new List<string>());
        var (unresolved, told) = (new List<string>(), new HashSet<string>(StringComparer.Ordinal));
        var kept = ends.Outboxes.SelectMany(outbox => outbox.Value).Where(queued => queued.State != "replaced").ToLookup(queued => queued.Reference);
        var shown = ends.Inboxes.SelectMany(inbox => inbox.Value.Select(message => (inbox.Key, message.Reference))).CountBy(key => key)
            .ToDictionary(count => (count.Key.Reference, Bureau: count.Key.Key), count => count.Value);
        var messages = 0;
        foreach (var sent in journal)
        {
            var refused = kept[sent.Reference].Any(queued => queued is { State: "refused", Reason: "CLOCK_SKEW" });
            var exists = !refused && (sent.Taken ?? (kept.Contains(sent.Reference) || ends.Accepted.ContainsKey(sent.Reference)));
            if (exists) messages++;
            if (ends.Accepted.GetValueOrDefault(sent.Reference) > 1) doubled.Add($"{sent.Reference}: accepted {ends.Accepted[sent.Reference]} times");
            foreach (var bureau in sent.To)
            {
                var (key, times) = ((sent.Reference, bureau), shown.GetValueOrDefault((sent.Reference, bureau)));
                if (times > (exists ? 1 : 0)) doubled.Add($"{sent.Reference}: shown to {bureau} {times} times{(exists ? "" : ", and its sender does not have it")}");
                if (ends.Delivered.GetValueOrDefault(key) > 1) doubled.Add($"{sent.Reference}: {ends.Delivered[key]} receipts of {bureau} in the log");
                if (!exists) continue;
                var waits = ends.Open.Contains(key) || kept[sent.Reference].Any(queued => queued.State == "waiting");
                var problems = times == 0 && !waits ? lost : unresolved;
                if (times == 0) problems.Add($"{sent.Reference} for {bureau}: {LastSeen(sent, bureau, kept, ends)}");
                else if (!ends.Delivered.ContainsKey(key)) unresolved.Add($"{sent.Reference} is shown to {bureau}, and the log has no receipt");
                else continue;
                told.Add(sent.Reference);
            }
        }
        // Said once: what is missing somewhere is not final either.
        unresolved.AddRange(ends.Unfinished.Where(one => !told.Contains(one.Reference)).Select(one => one.Text));
        return new Findings(messages, lost, doubled, [.. ends.Inboxes.SelectMany(inbox => OutOfOrder(inbox.Key, inbox.Value))], unresolved);
    }

    private static string LastSeen(Sent sent, string bureau, ILookup<string, Queued> kept, Ends ends)
    {
        if (ends.Delivered.ContainsKey((sent.Reference, bureau))) return $"the log has a receipt, {bureau}'s inbox has no message";
        if (ends.Accepted.ContainsKey(sent.Reference)) return "in the log as accepted";
        return kept[sent.Reference].FirstOrDefault() is { } queued
            ? $"in {sent.From}'s outbox as {queued.State} {queued.Reason} (id {queued.MessageId})"
            : $"{sent.From} got an answer for it, and nobody has it";
    }

    private static IEnumerable<string> OutOfOrder(string bureau, List<Shown> inbox)
    {
        foreach (var lane in inbox.GroupBy(message => message.Precedence))
        {
            var last = 0ul;
            // What is shown twice is told as that.
            foreach (var message in lane.DistinctBy(message => message.Sequence))
            {
                if (message.Sequence <= last) yield return $"{bureau} {lane.Key}: {message.Sequence} ({message.Reference}) came after {last}";
                last = Math.Max(last, message.Sequence);
            }
            var there = lane.Select(message => message.Sequence).ToHashSet();
            for (var number = 1ul; number <= last; number++)
                if (!there.Contains(number))
                    yield return $"{bureau} {lane.Key}: {number} never came, {last} did";
        }
    }
}
