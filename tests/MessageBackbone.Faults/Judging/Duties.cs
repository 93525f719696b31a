using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults.Judging;

/// <summary>What recipients do with a message that they have: an opening is in the inbox and in the log, the clock of a request starts with its delivery and is closed by the
/// answer alone, what is late goes to its alternate once, and a file comes with the bytes that were sent.</summary>
internal static class Duties
{
    public static void Judge(IReadOnlyDictionary<string, Sent> journal, Ends ends, Damage damage)
    {
        var opened = ends.Inboxes.SelectMany(inbox => inbox.Value.Where(message => message.OpenedAt is not null).Select(message => (inbox.Key, message.MessageId))).ToHashSet();
        var answers = ends.Log.Messages.Where(message => message.Kind == "answer").Select(message => (message.From, message.InReplyTo)).ToHashSet();
        foreach (var walk in ends.Log.Walks.Where(walk => ends.Inboxes.ContainsKey(walk.Bureau) && !Kinds.IsControl(walk.Message.Kind)))
        {
            if (journal.GetValueOrDefault(walk.Message.Reference) is not { } sent) continue;
            JudgeOpening(walk, sent, opened.Contains((walk.Bureau, walk.Message.Id)), damage);
            if (sent.What == What.Request) JudgeClock(walk, answers.Contains((walk.Bureau, walk.Message.Id)), damage);
            if (sent.What == What.Late && walk.Bureau != sent.Alternate) JudgeLate(walk, damage);
            if (sent.What == What.File && walk.Has(Happened.Delivered)) JudgeFile(walk, sent, ends, damage);
        }
    }

    private static void JudgeOpening(Walk walk, Sent sent, bool opened, Damage damage)
    {
        var (reference, told) = (walk.Message.Reference, walk.Has(Happened.Opened));
        if (opened && !told) damage.Lose(reference, $"{Deliveries.Name(walk)}: opened there, and the log has no OPENED");
        if (told && !opened) damage.Lose(reference, $"{Deliveries.Name(walk)}: OPENED in the log, and not in the inbox");
        if (!opened && !told && sent.Opened.Contains(walk.Bureau)) damage.Lose(reference, $"{Deliveries.Name(walk)}: an officer read it, and neither inbox nor log says so");
    }

    private static void JudgeClock(Walk walk, bool answered, Damage damage)
    {
        var reference = walk.Message.Reference;
        // An answer may be recorded before the receipt of what it answers, for example while the log is away: then there is nothing left to measure.
        var overtaken = walk.HasBefore(Happened.Answered, Happened.Delivered);
        if (walk.Has(Happened.Delivered) && !walk.Has(Happened.Started) && !overtaken) damage.Leave(reference, $"{Deliveries.Name(walk)}: the clock of the request was not started");
        if (answered && !walk.Has(Happened.Closed)) damage.Leave(reference, $"{Deliveries.Name(walk)}: answered, and the clock of the request runs");
        if (!answered && walk.Has(Happened.Closed)) damage.Lose(reference, $"{Deliveries.Name(walk)}: the clock of the request was closed, and the log has no answer");
    }

    private static void JudgeLate(Walk walk, Damage damage)
    {
        foreach (var step in (Happened[])[Happened.DutyDesk, Happened.Alternate, Happened.Redirected])
            if (!walk.Has(step)) damage.Leave(walk.Message.Reference, $"{Deliveries.Name(walk)}: late, and {step} is not in the log");
    }

    private static void JudgeFile(Walk walk, Sent sent, Ends ends, Damage damage)
    {
        if (!ends.Files.TryGetValue((sent.Reference, walk.Bureau), out var sha256)) damage.Lose(sent.Reference, $"{Deliveries.Name(walk)}: its file did not come");
        else if (sha256 != sent.FileSha256) damage.Lose(sent.Reference, $"{Deliveries.Name(walk)}: its file came with other bytes");
    }
}
