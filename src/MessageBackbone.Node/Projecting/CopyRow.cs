using MessageBackbone.Domain.Deliveries;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>How far the service clock of a copy is, as rows have it.</summary>
internal enum CopyClock
{
    Stopped = 0,
    UntilDelivered,
    UntilOpened,
    DeliveredUntilOpened,
}

/// <summary>A message at one recipient. The state follows the events as the board's counts do, the clock as the read model <c>clocks</c> does.</summary>
internal sealed class CopyRow(string bureau, long acceptedAt, long message, long precedence)
{
    public string Bureau => bureau;

    public long AcceptedAt => acceptedAt;

    public long Message => message;

    public long Precedence => precedence;

    public DeliveryState State { get; set; } = DeliveryState.Waiting;

    public CopyClock Clock { get; set; }

    public bool Late { get; set; }

    /// <summary>Whether the file has it.</summary>
    public bool Stored { get; set; }

    /// <summary>Whether it differs from what the file has.</summary>
    public bool Changed { get; set; }

    public static CopyClock Starts(bool untilOpened) => untilOpened ? CopyClock.UntilOpened : CopyClock.UntilDelivered;

    public static CopyClock Starts(MessageHeader header) => ServiceClocks.RunsFor(header.Kind)
        ? Starts(ServiceClocks.StopsAtOpened(header.Precedence, header.Kind))
        : CopyClock.Stopped;

    public void Deliver()
    {
        Move(DeliveryState.Delivered);
        if (Clock == CopyClock.UntilDelivered) StopClock();
        if (Clock == CopyClock.UntilOpened) Clock = CopyClock.DeliveredUntilOpened;
    }

    public void End(DeliveryState state)
    {
        Move(state);
        StopClock();
    }

    /// <summary>What ended stays so, whatever comes too late.</summary>
    public void Move(DeliveryState to)
    {
        if (State is not (DeliveryState.Expired or DeliveryState.Recalled or DeliveryState.Refused or DeliveryState.Redirected)) State = to;
    }

    public void StopClock() => (Clock, Late) = (CopyClock.Stopped, false);

    public void Escalate() => Late = Clock != CopyClock.Stopped;

    /// <summary>What was delivered stays so, and its clock runs on: the alternate has a copy.</summary>
    public void Leave()
    {
        if (State is DeliveryState.Waiting or DeliveryState.Quarantined) Move(DeliveryState.Redirected);
        if (Clock != CopyClock.DeliveredUntilOpened) StopClock();
    }
}
