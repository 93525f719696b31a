using System.Globalization;
using MessageBackbone.EventLog;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>What messages are looked for; what is null does not matter, what is not holds together.</summary>
internal sealed record MessageFilter
{
    public string? MessageId { get; init; }

    /// <summary>The sender's own number, whole.</summary>
    public string? Reference { get; init; }

    public string? ConversationId { get; init; }

    public string? Sender { get; init; }

    /// <summary>Has a copy, an alternate among them.</summary>
    public string? Recipient { get; init; }

    /// <summary>Sent it, or has a copy.</summary>
    public string? Bureau { get; init; }

    public string? Kind { get; init; }

    public string? Topic { get; init; }

    public Precedence? Precedence { get; init; }

    /// <summary>Of the copy at <see cref="Recipient"/>, else at <see cref="Bureau"/>, else of any one.</summary>
    public DeliveryState? State { get; init; }

    /// <summary>Of the same copy: its service clock runs, and a step was taken.</summary>
    public bool? Late { get; init; }

    public bool? Exercise { get; init; }

    public DateTimeOffset? AcceptedFrom { get; init; }

    public DateTimeOffset? AcceptedBefore { get; init; }
}

/// <summary>A message at one recipient. The state is the one that the board counts.</summary>
/// <param name="Late">Its service clock runs, and a step was taken.</param>
internal sealed record MessageCopy(string Bureau, DeliveryState State, bool Late);

/// <summary>A message as its header says, and where it stands. Texts are empty where the header has none.</summary>
/// <param name="Copies">By bureau.</param>
internal sealed record MessageHit(
    LogPosition Position, string Id, string From, string Kind, Precedence Precedence, string Reference, string ConversationId, string InReplyTo, string Topic,
    bool Exercise, Classification Classification, DateTimeOffset? CreatedAt, DateTimeOffset AcceptedAt, DateTimeOffset? DeliverBy, long BodySize, int Attachments,
    IReadOnlyList<MessageCopy> Copies);

/// <summary>Where a page ended: messages are in the order of (accepted, position), so the place holds whatever is accepted meanwhile.</summary>
/// <param name="AcceptedAtTicks">Of 100 ns since 1970.</param>
internal sealed record MessagePlace(long AcceptedAtTicks, long Position)
{
    /// <summary>As <see cref="Parse"/> reads it, for an address.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{AcceptedAtTicks}.{Position}");

    /// <summary>Null: there is none, or the text is no place.</summary>
    public static MessagePlace? Parse(string? text) =>
        text?.Split('.') is [var ticks, var position] && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            && long.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? new(at, place) : null;
}

/// <summary>Messages, the newest first.</summary>
/// <param name="Older">Given as `before` it leads to what follows; null: nothing does.</param>
/// <param name="LookedBackTo">So far back was looked when the page had to end before it was full; null: it did not.</param>
internal sealed record MessagePage(IReadOnlyList<MessageHit> Hits, MessagePlace? Older, DateTimeOffset? LookedBackTo);
