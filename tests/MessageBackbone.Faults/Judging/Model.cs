using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults.Judging;

/// <summary>
/// What each party must end with, from what was asked for and answered alone. Taken: the log has it once. Refused: nobody is shown it. No answer: it exists or not, as the
/// sender's outbox or the log says. What exists comes to an end at each recipient (<see cref="Deliveries"/>), owes what was asked for besides (<see cref="Duties"/>,
/// <see cref="Notices"/>), and is shown in order (<see cref="Ordering"/>).
/// </summary>
internal static class Model
{
    public static Findings Judge(IReadOnlyList<Sent> journal, Ends ends)
    {
        var damage = new Damage();
        var sent = journal.ToDictionary(one => one.Reference, StringComparer.Ordinal);
        var messages = JudgeSent(journal, ends, damage);
        Deliveries.Judge(sent, ends, damage);
        Duties.Judge(sent, ends, damage);
        Recalls.Judge(journal, ends, damage);
        Notices.Judge(ends, damage);
        Ordering.Judge(journal, ends, damage);
        // Said once: what is missing somewhere is not final either.
        damage.Unresolved.AddRange(ends.Unfinished.Where(one => !damage.IsTold(one.Reference)).Select(one => one.Text));
        return new Findings(messages, damage.Lost, damage.Doubled, damage.OutOfOrder, damage.Unresolved);
    }

    // How many there are.
    private static int JudgeSent(IReadOnlyList<Sent> journal, Ends ends, Damage damage)
    {
        var kept = ends.Outboxes.SelectMany(outbox => outbox.Value).Where(queued => queued.State != "replaced" && !Kinds.IsControl(queued.Kind)).ToLookup(queued => queued.Reference);
        var accepted = ends.Log.Messages.Where(message => !Kinds.IsControl(message.Kind)).ToLookup(message => message.Reference);
        var recipients = ends.Log.Walks.Select(walk => (walk.Message.Id, walk.Bureau)).ToHashSet();
        var shown = ends.Inboxes.SelectMany(inbox => inbox.Value.Where(message => !Kinds.IsControl(message.Kind)).Select(message => (message.Reference, inbox.Key))).ToHashSet();
        var messages = 0;
        foreach (var sent in journal)
        {
            var refused = kept[sent.Reference].Any(queued => queued.State == "refused" && MayBeRefused(sent, queued.Reason));
            var exists = !refused && (sent.Taken ?? (kept.Contains(sent.Reference) || accepted.Contains(sent.Reference)));
            if (exists) messages++;
            if (accepted[sent.Reference].Count() is > 1 and var times) damage.Double(sent.Reference, $"{sent.Reference}: accepted {times} times");
            foreach (var bureau in sent.To)
                if (!exists && shown.Contains((sent.Reference, bureau))) damage.Double(sent.Reference, $"{sent.Reference}: shown to {bureau}, and its sender does not have it");
                else if (exists && accepted[sent.Reference].FirstOrDefault() is { } one && !recipients.Contains((one.Id, bureau)))
                    damage.Lose(sent.Reference, $"{sent.Reference} for {bureau}: the log does not name it as a recipient");
                else if (exists && !accepted.Contains(sent.Reference)) Miss(sent, bureau, kept[sent.Reference].FirstOrDefault(), damage);
        }
        return messages;
    }

    // A gateway whose clock was too far ahead for too long, or a message that came to the node after its time: its sender reads so, and nobody may be shown it.
    private static bool MayBeRefused(Sent sent, string reason) =>
        reason == "CLOCK_SKEW" || (sent.What == What.Dated && reason is "EXPIRED" or "FIELD_INVALID");

    private static void Miss(Sent sent, string bureau, Queued? queued, Damage damage)
    {
        var text = queued is null
            ? $"{sent.Reference} for {bureau}: {sent.From} got an answer for it, and nobody has it"
            : $"{sent.Reference} for {bureau}: in {sent.From}'s outbox as {queued.State} {queued.Reason} (id {queued.MessageId})";
        if (queued is { State: "waiting" }) damage.Leave(sent.Reference, text);
        else damage.Lose(sent.Reference, text);
    }
}
