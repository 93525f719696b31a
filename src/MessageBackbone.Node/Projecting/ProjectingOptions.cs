using System.ComponentModel.DataAnnotations;

namespace MessageBackbone.Node.Projecting;

/// <summary>Where the read models lie and how their followers behave. All defaults are here.</summary>
public sealed class ProjectingOptions
{
    /// <summary>The folder of the read models, one SQLite file each. Made with mode 0700 when missing; everything in it can be thrown away.</summary>
    [Required] public required string Folder { get; set; }

    /// <summary>How long a follower waits after a fault of the log or of its own file before it tries again. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:05:00")] public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1);
}
