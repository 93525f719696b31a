using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults.Judging;

/// <summary>An order to recall that was answered for is in the log once; each bureau that got it states once what it did, and what it states is what it shows: deleted, or
/// never held. Never both.</summary>
internal static class Recalls
{
    public static void Judge(IReadOnlyList<Sent> journal, Ends ends, Damage damage)
    {
        var orders = ends.Log.Messages.Where(message => message.Kind == Kinds.Order).ToLookup(order => (order.From, order.Reference));
        foreach (var sent in journal.Where(sent => sent.What == What.Recalled))
        {
            var given = orders[(sent.From, sent.Reference)].Count();
            if (given > 1) damage.Double(sent.Reference, $"{sent.Reference}: {given} orders to recall it in the log");
            if (given == 0 && sent.Recalled == true) Miss(sent.Reference, sent.From, Kinds.Order, ends, damage);
        }
        var statements = ends.Log.Messages.Where(message => message.Kind == Kinds.Statement).ToLookup(statement => (statement.From, statement.InReplyTo));
        foreach (var walk in ends.Log.Walks.Where(walk => walk.Message.Kind == Kinds.Order && ends.Inboxes.ContainsKey(walk.Bureau)))
        {
            var said = statements[(walk.Bureau, walk.Message.Id)].Count();
            if (said > 1) damage.Double(walk.Message.Reference, $"{Deliveries.Name(walk)}: {said} statements answer it");
            if (said == 0 && walk.Has(Happened.Delivered)) Miss(walk.Message.Reference, walk.Bureau, Kinds.Statement, ends, damage);
            if (said == 1 && walk.Has(Happened.Delivered)) JudgeState(walk, ends, damage);
        }
    }

    private static void JudgeState(Walk order, Ends ends, Damage damage)
    {
        var (reference, bureau) = (order.Message.Reference, order.Bureau);
        var shown = ends.Inboxes[bureau].FirstOrDefault(message => message.MessageId == order.Message.InReplyTo);
        var state = ends.Holders.GetValueOrDefault((reference, bureau), "");
        if (shown is { Recall: not ("deleted" or "retained") }) damage.Leave(reference, $"{reference} was recalled, and {bureau} shows it as before");
        var (held, never) = (state is "deleted" or "retained", state == "not_held");
        if (!held && !never) damage.Leave(reference, $"{reference}: of {bureau} its sender reads {(state.Length > 0 ? state : "nothing")}");
        else if (held != shown is not null) damage.Double(reference, $"{reference} is {(held ? "not " : "")}shown to {bureau}, which states {state}");
    }

    // A clock that was too far ahead for too long: its owner reads so.
    private static void Miss(string reference, string from, string kind, Ends ends, Damage damage)
    {
        var queued = ends.Outboxes[from].FirstOrDefault(queued => queued.Kind == kind && queued.Reference == reference && queued.State != "replaced");
        var text = $"{reference}: the log has no {kind} of {from}, whose outbox has {(queued is null ? "none" : $"it as {queued.State} {queued.Reason}")}";
        if (queued is { State: "waiting" }) damage.Leave(reference, text);
        else if (queued is not { State: "refused", Reason: "CLOCK_SKEW" }) damage.Lose(reference, text);
    }
}
