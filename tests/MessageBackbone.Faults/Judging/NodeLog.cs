namespace MessageBackbone.Faults.Judging;

/// <summary>What a log says of a delivery.</summary>
internal enum Happened
{
    Delivered,
    Refused,
    Opened,
    Quarantined,
    Released,
    RedeliveryOrdered,
    RedeliveryEnded,
    Expired,
    RefusedByOperator,
    Recalled,
    Redirected,

    /// <summary>The steps of a late delivery.</summary>
    DutyDesk,
    Alternate,
    Sender,
    Operator,

    /// <summary>Of the clock of a request.</summary>
    Answered,
    Started,
    Closed,
    Reminded,
}

/// <param name="Detail">The reason, or to whom it was redirected.</param>
/// <param name="EventId">What a notice of it has as its id.</param>
/// <param name="IsTold">A notice of it is owed.</param>
internal sealed record Fact(Happened What, string Detail = "", string EventId = "", bool IsTold = false);

/// <summary>A message that the log accepted.</summary>
internal sealed record Logged(string Id, string From, string Kind, string Reference, string Conversation = "", string InReplyTo = "");

/// <summary>One message on its way to one recipient.</summary>
/// <param name="Number">Its number among all of this recipient and precedence, in the order of the log: what the plan must have given it.</param>
/// <param name="Facts">In their order.</param>
internal sealed record Walk(Logged Message, string Bureau, string Precedence, ulong Number, IReadOnlyList<Fact> Facts)
{
    public bool Has(Happened what) => Count(what) > 0;

    /// <summary>Both happened, and this before that.</summary>
    public bool HasBefore(Happened what, Happened that) => Facts.TakeWhile(fact => fact.What != that).Any(fact => fact.What == what) && Has(that);

    public int Count(Happened what) => Facts.Count(fact => fact.What == what);
}

/// <summary>All that a node recorded, in the order in which it did.</summary>
internal sealed record NodeLog(IReadOnlyList<Logged> Messages, IReadOnlyList<Walk> Walks)
{
    /// <summary>How often what happened.</summary>
    public IReadOnlyDictionary<Happened, int> Tally => Walks.SelectMany(walk => walk.Facts).CountBy(fact => fact.What).OrderBy(one => one.Key).ToDictionary();
}
