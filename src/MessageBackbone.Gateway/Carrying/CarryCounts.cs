using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Carrying;

/// <summary>What became of one file's deliveries. Each lane counts for itself, so that several do at a time.</summary>
internal sealed class CarryCounts
{
    private ulong _taken;
    private ulong _repeated;
    private ulong _refused;

    public ulong Taken => Volatile.Read(ref _taken);

    public ulong Repeated => Volatile.Read(ref _repeated);

    /// <summary>Receipted REFUSED or QUARANTINED, or not to be receipted at all.</summary>
    public ulong Refused => Volatile.Read(ref _refused);

    public void Add(GatewayEvent.Received received)
    {
        if (received.Repeated) Interlocked.Increment(ref _repeated);
        else if (received.Outcome == DeliveryOutcome.Delivered) Interlocked.Increment(ref _taken);
        else Interlocked.Increment(ref _refused);
    }

    public void GiveUp() => Interlocked.Increment(ref _refused);
}
