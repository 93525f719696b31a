using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults.Judging;

/// <summary>
/// Each delivery ends once, in a way that somebody asked for; it is shown once if the log has the recipient's receipt, and not at all otherwise. What ended another way first
/// and was in the recipient's hands by then may still bring a receipt: that is evidence, and changes no end (decision 0012).
/// </summary>
internal static class Deliveries
{
    // Each of them once in the life of a delivery.
    private static readonly Happened[] Once =
    [
        Happened.Delivered, Happened.Refused, Happened.Opened, Happened.Expired, Happened.RefusedByOperator, Happened.Recalled, Happened.Redirected, Happened.DutyDesk,
        Happened.Alternate, Happened.Sender, Happened.Operator, Happened.Started, Happened.Closed,
    ];

    private static readonly Happened[] Ending =
        [Happened.Delivered, Happened.Refused, Happened.Expired, Happened.RefusedByOperator, Happened.Recalled, Happened.Redirected];

    public static void Judge(IReadOnlyDictionary<string, Sent> sent, Ends ends, Damage damage)
    {
        var shown = ends.Inboxes.SelectMany(inbox => inbox.Value.Select(message => (inbox.Key, message.MessageId))).CountBy(key => key).ToDictionary();
        foreach (var walk in ends.Log.Walks.Where(walk => ends.Inboxes.ContainsKey(walk.Bureau)))
        {
            foreach (var what in Once)
                if (walk.Count(what) is > 1 and var times) damage.Double(walk.Message.Reference, $"{Name(walk)}: {times} times {what} in the log");
            var shownTimes = shown.GetValueOrDefault((walk.Bureau, walk.Message.Id));
            JudgeShown(walk, shownTimes, damage);
            // Said already.
            if (shownTimes > 0 && !walk.Has(Happened.Delivered)) continue;
            JudgeEnd(walk, Kinds.IsControl(walk.Message.Kind) ? null : sent.GetValueOrDefault(walk.Message.Reference), damage);
        }
        foreach (var walk in ends.Log.Walks.Where(walk => !ends.Inboxes.ContainsKey(walk.Bureau)))
            JudgeSilent(walk, sent.GetValueOrDefault(walk.Message.Reference), ends, damage);
        var known = ends.Log.Walks.Select(walk => (walk.Bureau, walk.Message.Id)).ToHashSet();
        foreach (var (bureau, inbox) in ends.Inboxes)
            foreach (var message in inbox.Where(message => !known.Contains((bureau, message.MessageId))))
                damage.Double(message.Reference, $"{message.Reference} ({message.Kind}) is shown to {bureau}, and the log has no such delivery");
    }

    /// <summary>How a delivery is called in a finding.</summary>
    public static string Name(Walk walk) =>
        $"{walk.Message.Reference}{(Kinds.IsControl(walk.Message.Kind) ? $" ({walk.Message.Kind} {walk.Message.Id})" : "")} for {walk.Bureau}";

    private static void JudgeShown(Walk walk, int times, Damage damage)
    {
        var (reference, delivered) = (walk.Message.Reference, walk.Has(Happened.Delivered));
        if (times > 1) damage.Double(reference, $"{Name(walk)}: shown {times} times");
        if (delivered && times == 0) damage.Lose(reference, $"{Name(walk)}: the log has a receipt, {walk.Bureau}'s inbox has no message");
        if (times > 0 && walk.Has(Happened.Refused)) damage.Double(reference, $"{Name(walk)}: refused by its gateway, and shown");
        else if (times > 0 && !delivered) damage.Leave(reference, $"{Name(walk)}: shown, and the log has no receipt");
    }

    private static void JudgeEnd(Walk walk, Sent? sent, Damage damage)
    {
        var reference = walk.Message.Reference;
        var ended = walk.Facts.Where(fact => Ending.Contains(fact.What)).ToList();
        if (ended.Count == 0)
        {
            damage.Leave(reference, $"{Name(walk)}: in the log as {(walk.Facts.Count > 0 ? walk.Facts[^1].What : "accepted")}");
            return;
        }
        if (!WasAskedFor(ended[0], sent)) damage.Lose(reference, $"{Name(walk)}: ended as {ended[0].What} {ended[0].Detail}, which nobody asked for");
        // A redirection after it is a copy.
        if (ended[0].What == Happened.Delivered && ended.Skip(1).FirstOrDefault(fact => fact.What is not (Happened.Redirected or Happened.Delivered)) is { } second)
            damage.Double(reference, $"{Name(walk)}: delivered, and then {second.What}");
    }

    // Nobody attends for it: a message waits there for ever, unless its time passes or it is recalled.
    private static void JudgeSilent(Walk walk, Sent? sent, Ends ends, Damage damage)
    {
        if (Kinds.IsControl(walk.Message.Kind)) return;
        if (sent?.What == What.Dated && !walk.Has(Happened.Expired)) damage.Leave(walk.Message.Reference, $"{Name(walk)}: its time is over, and it has not expired");
        if (ends.Log.Messages.Any(message => message.Kind == Kinds.Order && message.InReplyTo == walk.Message.Id) && !walk.Has(Happened.Recalled))
            damage.Leave(walk.Message.Reference, $"{Name(walk)}: its recall is in the log, and it is not stopped");
    }

    private static bool WasAskedFor(Fact end, Sent? sent) => end.What switch
    {
        Happened.Delivered => true,
        Happened.Expired => sent?.What == What.Dated,
        Happened.Recalled => sent is { Recalled: not false },
        Happened.Refused => end.Detail == "RECALLED" && sent is { Recalled: not false },
        Happened.Redirected => sent?.What == What.Late,
        _ => sent is { Refuse: true },
    };
}
