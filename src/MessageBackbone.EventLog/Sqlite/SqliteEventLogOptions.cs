using System.ComponentModel.DataAnnotations;

namespace MessageBackbone.EventLog.Sqlite;

/// <summary>Where the embedded event log lies and how much it may hold at a time. All defaults are here.</summary>
public sealed class SqliteEventLogOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "EventLog:Sqlite";

    /// <summary>The folder of the log. Made with mode 0700 when missing; holds <c>events.db</c>, its WAL files and <c>events.lock</c>.</summary>
    [Required] public required string Folder { get; set; }

    /// <summary>Appends that may wait for the writer before callers are held back. Default 4,096.</summary>
    [Range(1, 1_000_000)] public int QueuedAppends { get; set; } = 4_096;

    /// <summary>Appends that share one flush at most. Default 1,024.</summary>
    [Range(1, 100_000)] public int GroupAppends { get; set; } = 1_024;

    /// <summary>Bytes of events that share one flush at most (one larger append goes alone). Default 8 MiB.</summary>
    [Range(1, 1 << 30)] public int GroupBytes { get; set; } = 8 << 20;

    /// <summary>Connections for reading; more readers wait their turn, a page at a time. Default 8.</summary>
    [Range(1, 256)] public int Readers { get; set; } = 8;

    /// <summary>Events in one batch of a read at most. Default 512.</summary>
    [Range(1, 100_000)] public int BatchEvents { get; set; } = 512;

    /// <summary>Bytes of events after which a batch is closed. Default 2 MiB.</summary>
    [Range(1, 1 << 30)] public int BatchBytes { get; set; } = 2 << 20;

    /// <summary>Pages of the write-ahead log after which they are moved into the database. Default 4,000 (16 MiB).</summary>
    [Range(100, 1_000_000)] public int CheckpointPages { get; set; } = 4_000;

    /// <summary>Places where a test can make the store fail.</summary>
    internal SqliteFaultPoints FaultPoints { get; init; } = new();

    internal string DatabaseFile => Path.Combine(Folder, "events.db");

    internal string LockFile => Path.Combine(Folder, "events.lock");
}

/// <summary>Where a commit can be made to fail as a disk would make it: before it is persisted, or after.</summary>
internal sealed class SqliteFaultPoints
{
    /// <summary>The most pages that the database may have; null: no limit. Read whenever the writer opens its connection.</summary>
    public long? MaxPages { get; set; }

    public Action BeforeCommit { get; set; } = static () => { };

    public Action AfterCommit { get; set; } = static () => { };
}
