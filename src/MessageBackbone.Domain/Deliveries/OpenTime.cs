using Google.Protobuf.WellKnownTypes;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>How long a delivery may be open: so that each one ends, also where nobody ever fetches it and its sender set no time.</summary>
public static class OpenTime
{
    /// <summary>When deliveries of a message end that are open then. Fixed at its acceptance: a changed configuration ends nothing sooner than its sender could
    /// know.</summary>
    /// <param name="atMost">For a message without <c>deliver_by</c>.</param>
    public static Timestamp EndOf(MessageHeader header, DateTimeOffset acceptedAt, TimeSpan atMost) => header.DeliverBy ?? (acceptedAt + atMost).ToTimestamp();

    /// <summary>The same, as recorded; null: never.</summary>
    public static DateTimeOffset? EndOf(Accepted message) => (message.ExpiresAt ?? message.Content.DeliverBy)?.ToDateTimeOffset();
}
