namespace MessageBackbone.Faults.Scheduling;

internal enum FaultKind
{
    /// <summary>SIGKILL, and started again after the time.</summary>
    Kill,

    /// <summary>SIGSTOP, and SIGCONT after the time: it neither reads nor answers, and its connections stay open.</summary>
    Suspend,

    /// <summary>The broker is killed, and comes back with nothing.</summary>
    Wipe,

    /// <summary>The line's connections break, and no new one holds before the time is over.</summary>
    Cut,

    /// <summary>Nothing passes on the line, and no connection ends.</summary>
    Stall,

    /// <summary>Each piece on the line takes long.</summary>
    Slow,

    /// <summary>The database cannot grow: SQLITE_FULL.</summary>
    DiskFull,

    /// <summary>One commit of the event log fails and is not persisted.</summary>
    FlushFails,

    /// <summary>One commit of the event log is persisted, and its caller is told that it failed.</summary>
    AnswerLost,

    /// <summary>Another process holds the database's lock.</summary>
    Locked,

    /// <summary>A table takes nothing: each write to it fails.</summary>
    Refuses,

    /// <summary>The part's clock tells another time.</summary>
    Clock,
}

/// <summary>One thing that breaks.</summary>
/// <param name="At">Since the begin of the run.</param>
/// <param name="On">A part, the line of one, or its database: what a second fault waits for while this one is in force.</param>
/// <param name="For">Then it is healed.</param>
/// <param name="Detail">Which table, or how far the clock is off, in seconds.</param>
internal sealed record Fault(TimeSpan At, FaultKind Kind, string On, TimeSpan For, string Detail = "")
{
    public override string ToString() => $"{At.TotalSeconds,7:0.0}s {Kind} {On}{(Detail.Length > 0 ? $" {Detail}" : "")} for {For.TotalSeconds:0.0}s";
}
