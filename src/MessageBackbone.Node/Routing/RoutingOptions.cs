using System.ComponentModel.DataAnnotations;

namespace MessageBackbone.Node.Routing;

/// <summary>How references travel from the plan to the attending gateways. All defaults are here.</summary>
public sealed class RoutingOptions
{
    public const string Section = "Routing";

    /// <summary>The file of the plan. Deleting it costs a rebuild from the log, nothing else.</summary>
    [Required] public required string PlanFile { get; set; }

    /// <summary>The broker, <c>amqp://user:password@host:port/vhost</c> or <c>amqps://…</c>; null: MassTransit in memory, within this process.</summary>
    public Uri? RabbitMq { get; set; }

    /// <summary>References a lane may have at the broker; null: 1,000 in memory, 100,000 on RabbitMQ.</summary>
    [Range(1, 10_000_000)] public int? PublishAhead { get; set; }

    /// <summary>References sent together before they are marked. Default 256.</summary>
    [Range(1, 10_000)] public int PublishPage { get; set; } = 256;

    /// <summary>Deliveries of level ROUTINE that a lane holds from the broker at a time. Default 64.</summary>
    [Range(1, 1_000)] public int PrefetchRoutine { get; set; } = 64;

    /// <summary>The same for each other level. Default 16.</summary>
    [Range(1, 1_000)] public int PrefetchUrgent { get; set; } = 16;

    /// <summary>How long a send may take before it counts as failed. Default 10 s.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often lane queues are looked at for loss. Default 15 s.</summary>
    public TimeSpan QueueCheckEvery { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a lane's queue must be empty, while the plan says that it is not, before its rows are published again. Default 60 s.</summary>
    public TimeSpan QueueEmptyAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the broker is given a byte to hear whether it takes anything. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")] public TimeSpan PulseEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a lane's queue may give no answer, while the broker is there, before it is deleted, declared again and filled from the plan.
    /// Default 10 s.</summary>
    public TimeSpan QueueAnswerWithin { get; set; } = TimeSpan.FromSeconds(10);
}
