using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;

namespace MessageBackbone.Node.Projecting;

/// <summary>How the read models write ids and times: a message id as the 16 bytes of its UUID, a time as ticks of 100 ns since 1970.</summary>
internal static class RowText
{
    private const int IdLength = 36;
    private const string Message = "message-", Delivery = "delivery-", Request = "request-";

    /// <summary>"Until further notice" in a version's <c>until</c>.</summary>
    public const long Open = long.MaxValue;

    /// <summary>The 16 bytes; null: not a UUID, so no row can have it.</summary>
    public static byte[]? Id(string? messageId) => Id(messageId.AsSpan());

    /// <exception cref="InvalidOperationException">Accepting let through what is no UUID: the row cannot be written.</exception>
    public static byte[] Required(string messageId) => Id(messageId) ?? throw NoId();

    /// <summary>As <see cref="Required"/>, for a dictionary.</summary>
    public static Guid Key(string messageId) => Guid.TryParseExact(messageId, "D", out var id) ? id : throw NoId();

    public static string Id(ReadOnlySpan<byte> bytes) => new Guid(bytes, bigEndian: true).ToString("D");

    /// <summary>The message that a stream is about; null: about none.</summary>
    public static byte[]? MessageOf(StreamId stream)
    {
        var name = stream.Value.AsSpan();
        if (name.StartsWith(Message) && name.Length == Message.Length + IdLength) return Id(name[Message.Length..]);
        return OfBureau(name, Delivery) ?? OfBureau(name, Request);
    }

    public static long? Ticks(Timestamp? time) => time is null ? null : (time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanos / 100);

    public static long Ticks(DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;

    public static DateTimeOffset Time(long ticks) => DateTimeOffset.UnixEpoch.AddTicks(ticks);

    public static Timestamp? Timestamp(long? ticks) => ticks is { } some ? Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(Time(some)) : null;

    private static InvalidOperationException NoId() => new("An event names a message by what is no UUID.");

    private static byte[]? OfBureau(ReadOnlySpan<char> name, string prefix) =>
        name.StartsWith(prefix) && name.Length > prefix.Length + IdLength && name[prefix.Length + IdLength] == '-' ? Id(name.Slice(prefix.Length, IdLength)) : null;

    private static byte[]? Id(ReadOnlySpan<char> text) => Guid.TryParseExact(text, "D", out var id) ? id.ToByteArray(bigEndian: true) : null;
}
