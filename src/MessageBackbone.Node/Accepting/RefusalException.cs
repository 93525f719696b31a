using Google.Protobuf;
using MessageBackbone.Domain;

namespace MessageBackbone.Node.Accepting;

/// <summary>A request is refused: one reason of wire.md §7. The interceptor makes the gRPC status of it; nothing else catches it.</summary>
/// <param name="reason">A constant of <see cref="Protocol.Signing.Reasons"/>.</param>
/// <param name="text">What to do next, for people. It echoes nothing that came from outside.</param>
/// <param name="fields">Paths of the fields at fault.</param>
/// <param name="retryAfter">When a repeat makes sense; null: not by itself.</param>
public sealed class RefusalException(
    string reason,
    string text,
    IReadOnlyList<string>? fields = null,
    TimeSpan? retryAfter = null,
    IReadOnlyDictionary<string, string>? metadata = null) : Exception(text)
{
    public RefusalException(Rejection rejection)
        : this(rejection.Reason, rejection.Text, rejection.Fields)
    {
    }

    public string Reason { get; } = reason;

    public IReadOnlyList<string> Fields { get; } = fields ?? [];

    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>SHA-256 of the header as sent, where there was one: what the security event names.</summary>
    public ByteString? HeaderSha256 { get; set; }

    public IReadOnlyDictionary<string, string> Details { get; } = metadata ?? new Dictionary<string, string>();
}
