using System.ComponentModel.DataAnnotations;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Which server the log is in and how it is talked to. All defaults are here and in <see cref="ConnectionString"/>.</summary>
public sealed class EventStoreDbOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "EventLog:EventStoreDb";

    /// <summary>Where the server is: <c>esdb://user:password@host:2113?tls=true</c>, as <see cref="ConnectionString.Parse"/> reads it.</summary>
    [Required] public required string ConnectionString { get; set; }

    /// <summary>The folder of the index of event ids, made again from the server when it is missing. Made with mode 0700.</summary>
    [Required] public required string Folder { get; set; }

    /// <summary>Appends that may be under way or wait before callers are held back. Default 4,096.</summary>
    [Range(1, 1_000_000)] public int QueuedAppends { get; set; } = 4_096;

    /// <summary>Ids of appended events that are kept in memory, until the index has them in its file, before appends wait for it. Default 65,536.</summary>
    [Range(1, 10_000_000)] public int RecentIds { get; set; } = 65_536;

    /// <summary>Events in one batch of a read at most. Default 512.</summary>
    [Range(1, 100_000)] public int BatchEvents { get; set; } = 512;

    /// <summary>Bytes of events after which a batch is closed. Default 2 MiB.</summary>
    [Range(1, 1 << 30)] public int BatchBytes { get; set; } = 2 << 20;

    /// <summary>The longest pause between two attempts to reach the server. The first is 100 ms, and each is twice the one before. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")] public TimeSpan ReconnectAtMost { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>What the names of this log's streams begin with: one server can then hold several logs. Letters and digits; default none.</summary>
    [RegularExpression("^[A-Za-z0-9]{0,32}$")] public string Space { get; set; } = "";

    internal string IndexFile => Path.Combine(Folder, "ids.db");
}
