using System.Buffers;

namespace MessageBackbone.EventLog;

/// <summary>The name of a stream: 1 to 200 of the characters a–z, A–Z, 0–9 and '-', compared byte by byte.</summary>
public readonly record struct StreamId
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 200;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    private readonly string? _value;

    /// <exception cref="ArgumentException">Not a stream name.</exception>
    public StreamId(string value)
    {
        if (!IsValid(value)) throw new ArgumentException("A stream name is 1 to 200 letters, digits or hyphens.", nameof(value));
        _value = value;
    }

    /// <summary>The name. A default <see cref="StreamId"/> has none, and asking for it throws.</summary>
    public string Value => _value ?? throw new InvalidOperationException("This stream id was never given a name.");

    /// <summary>Directory acts of the whole house: exchange policy, topics.</summary>
    public static StreamId Directory { get; } = new("directory");

    /// <summary>Refusals of enrolled bureaus.</summary>
    public static StreamId Security { get; } = new("security");

    /// <summary>Reads with purpose and justification.</summary>
    public static StreamId Access { get; } = new("access");

    /// <summary>What operators order of the nodes themselves, and the alerts that they acknowledge.</summary>
    public static StreamId Operations { get; } = new("operations");

    /// <summary>Checkpoints and cosignatures. Its events are no leaves of the ledger.</summary>
    public static StreamId Ledger { get; } = new("ledger");

    /// <summary>One message: accepted, recall ordered.</summary>
    public static StreamId Message(string messageId) => new($"message-{messageId}");

    /// <summary>One message on its way to one bureau.</summary>
    public static StreamId Delivery(string messageId, string bureau) => new($"delivery-{messageId}-{bureau}");

    /// <summary>The answer that one bureau owes to one request: its clock.</summary>
    public static StreamId Request(string messageId, string bureau) => new($"request-{messageId}-{bureau}");

    /// <summary>One bureau's registration, certificates and subscriptions.</summary>
    public static StreamId Bureau(string code) => new($"bureau-{code}");

    /// <summary>The files that one bureau without a line wrote and was given.</summary>
    public static StreamId Carry(string bureau) => new($"carry-{bureau}");

    /// <summary>Facts about one sealed content, named by its SHA-256 in lower-case hexadecimal; never its bytes.</summary>
    public static StreamId Content(string sha256Hex) => new($"content-{sha256Hex}");

    /// <summary>Whether <paramref name="value"/> may name a stream.</summary>
    public static bool IsValid(string? value) =>
        value is { Length: > 0 and <= MaxLength } && !value.AsSpan().ContainsAnyExcept(Allowed);

    /// <inheritdoc/>
    public override string ToString() => _value ?? "(no stream)";
}
