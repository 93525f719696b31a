using System.ComponentModel.DataAnnotations;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Delivering;

/// <summary>How gateways are served. All defaults are here.</summary>
public sealed class DeliveringOptions
{
    /// <summary>A presented delivery without a receipt is given back to the plan after this time; below RabbitMQ's consumer timeout. Default 10 min.</summary>
    public TimeSpan InHandAtMost { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the plan then waits before it publishes the delivery again. Default 1 min.</summary>
    public TimeSpan AgainAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long deliveries of a message without <c>deliver_by</c> may be open; then they are EXPIRED, and the sender is told. Holds for what is accepted
    /// from then on. Default 90 days.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")] public TimeSpan OpenAtMost { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long the node may sleep over deadlines at most: a clock that is set ahead is noticed within this time. Default 10 s.</summary>
    public TimeSpan DeadlinesLookedAtEvery { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a lane waits for a lower sequence that the broker has not brought. Default 1 s.</summary>
    public TimeSpan MissingAfter { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a stream may be open before its Hello. Default 10 s.</summary>
    public TimeSpan HelloWithin { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Receipts of one stream that are worked on at a time; the next is read when one is done. Default 64.</summary>
    [Range(1, 4_096)] public int ReceiptsInFlight { get; set; } = 64;

    /// <summary>Deliveries of one lane that are made ready before they can be written. Default 8.</summary>
    [Range(1, 256)] public int ReadyAhead { get; set; } = 8;

    /// <summary>Bodies up to this size travel inside the delivery. Default 64 KiB.</summary>
    [Range(0, 1 << 20)] public int InlineBytes { get; set; } = 64 * 1024;

    /// <summary>The window of a gateway that names none. Default 64 ROUTINE, 16 of each other.</summary>
    internal Window DefaultWindow { get; set; } = new() { Routine = 64, Priority = 16, Immediate = 16, Flash = 16 };
}
