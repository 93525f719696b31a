using System.Globalization;

namespace MessageBackbone.Protocol.Identities;

/// <summary>A UUIDv7 in lower case, chosen by the sender: the idempotency key of a message or act.</summary>
public readonly record struct MessageId
{
    private const long LastMillisecond = 253_402_300_799_999; // 9999-12-31: later ones have no DateTimeOffset

    private readonly string? _value;

    private MessageId(string value) => _value = value;

    public string Value => _value ?? "";

    /// <summary>The time inside the id, to the millisecond, as its maker claims it.</summary>
    public DateTimeOffset Time => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds(Value));

    public static MessageId New(DateTimeOffset now) => new(Guid.CreateVersion7(now).ToString("D", CultureInfo.InvariantCulture));

    public static bool TryParse(string? text, out MessageId id)
    {
        id = default;
        if (!Patterns.IsUuid(text) || text[14] != '7' || text[19] is not ('8' or '9' or 'a' or 'b') || Milliseconds(text) > LastMillisecond)
            return false;
        id = new MessageId(text);
        return true;
    }

    /// <exception cref="FormatException">The text is no UUIDv7 in lower case.</exception>
    public static MessageId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("A message id is a UUIDv7 in lower case.");

    public override string ToString() => Value;

    private static long Milliseconds(string text) => text.Length == 0
        ? 0
        : (long.Parse(text.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) << 16)
            | long.Parse(text.AsSpan(9, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
