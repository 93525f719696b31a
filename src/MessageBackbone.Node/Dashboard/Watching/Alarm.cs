namespace MessageBackbone.Node.Dashboard.Watching;

/// <summary>What needs somebody. Its kind has words for the reason and for the next step (<c>alarm.KIND.reason</c>, <c>alarm.KIND.next</c>).</summary>
internal enum AlarmKind
{
    /// <summary>The service level of a precedence has passed at a bureau.</summary>
    Late,

    /// <summary>Nobody attends for a bureau for which something waits.</summary>
    Silent,

    /// <summary>A bureau's gateway could not process what it was given.</summary>
    Quarantined,

    /// <summary>An answer is owed whose deadline has passed.</summary>
    Overdue,

    /// <summary>The transport is not connected.</summary>
    Transport,

    /// <summary>The log does not answer: nothing is accepted.</summary>
    Log,

    /// <summary>Little room is left on the log's disk.</summary>
    Disk,

    /// <summary>A follower of the log stopped, or is far behind.</summary>
    Follower,

    /// <summary>A certificate has ended.</summary>
    CertificateEnded,

    /// <summary>A certificate ends soon.</summary>
    CertificateEnds,

    /// <summary>The authority's revocation list should have been replaced.</summary>
    RevocationList,

    /// <summary>The node takes nothing new: an operator drains it.</summary>
    Draining,
}

/// <summary>One condition that holds now.</summary>
/// <param name="Key">Kind and subject: the same as long as it is about the same thing.</param>
/// <param name="Subject">What it is about: a bureau and precedence, a part, a certificate's holder.</param>
/// <param name="Since">Since when this node has seen it.</param>
/// <param name="Arguments">What the words name, as they are filled in.</param>
/// <param name="Page">Where the matter is seen.</param>
/// <param name="Exercises">Of the deliveries or answers that it may be about, those of exercises.</param>
/// <param name="AcknowledgedBy">The operator's name; empty: nobody yet.</param>
/// <param name="AcknowledgedUntil">Then somebody else is on duty, and has to say so himself.</param>
internal sealed record Alarm(
    string Key, AlarmKind Kind, string Subject, bool Urgent, DateTimeOffset Since, IReadOnlyList<string> Arguments, string Page, ulong Exercises, string AcknowledgedBy,
    DateTimeOffset? AcknowledgedUntil)
{
    public bool Acknowledged => AcknowledgedBy.Length > 0;
}
