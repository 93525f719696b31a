using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway;

/// <summary>What a gateway tells those who watch it in the same process. Only ids and outcomes.</summary>
public abstract record GatewayEvent(DateTimeOffset At)
{
    /// <summary>The node's receipt is verified and stored.</summary>
    public sealed record Accepted(MessageId Message, ulong Position, bool Duplicate, DateTimeOffset At) : GatewayEvent(At);

    /// <summary>The node refused it for good.</summary>
    public sealed record Refused(MessageId Message, string Reason, string Text, DateTimeOffset At) : GatewayEvent(At);

    /// <summary>The node did not take it under the old id; the same message waits under a new one.</summary>
    public sealed record Replaced(MessageId Message, MessageId By, string Reason, DateTimeOffset At) : GatewayEvent(At);

    /// <summary>A delivery is durable in the inbox with its receipt. <paramref name="Repeated"/>: it was there before and is not shown again.</summary>
    public sealed record Received(
        MessageId Message, BureauCode From, Precedence Precedence, DeliveryOutcome Outcome, string Reason, ulong Position, ulong Sequence, bool Repeated, DateTimeOffset At)
        : GatewayEvent(At);

    /// <summary>An attachment of a message in the inbox is here whole, and has the hash that the header names.</summary>
    public sealed record AttachmentHere(MessageId Message, DateTimeOffset At) : GatewayEvent(At);

    /// <summary>The node recorded this bureau's receipt.</summary>
    public sealed record ReceiptRecorded(MessageId Message, DeliveryOutcome Outcome, ulong Position, DateTimeOffset At) : GatewayEvent(At);

    /// <summary>The node refused this bureau's receipt.</summary>
    public sealed record ReceiptRefused(MessageId Message, string Reason, DateTimeOffset At) : GatewayEvent(At);

    /// <summary>The attendance began (<paramref name="Reason"/> empty) or ended.</summary>
    public sealed record Attendance(bool Attending, string Reason, DateTimeOffset At) : GatewayEvent(At);
}

/// <summary>Hands events to observers, on the thread where they arise: an observer must be quick and must not throw.</summary>
internal sealed class GatewayObservers
{
    private readonly Lock _gate = new();
    private Action<GatewayEvent>[] _observers = [];

    public IDisposable Add(Action<GatewayEvent> observer)
    {
        lock (_gate) _observers = [.. _observers, observer];
        return new Subscription(this, observer);
    }

    public void Tell(GatewayEvent happened)
    {
        foreach (var observer in Volatile.Read(ref _observers)) observer(happened);
    }

    private void Remove(Action<GatewayEvent> observer)
    {
        lock (_gate) _observers = [.. _observers.Where(o => o != observer)];
    }

    private sealed class Subscription(GatewayObservers observers, Action<GatewayEvent> observer) : IDisposable
    {
        public void Dispose() => observers.Remove(observer);
    }
}
