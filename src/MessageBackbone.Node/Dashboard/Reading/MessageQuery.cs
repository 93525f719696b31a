using System.Globalization;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Dashboard.Reading;

/// <summary>A search as it stands in a page's address, so that it can be kept, shared and gone back to. What cannot be read is named, never ignored.</summary>
internal sealed record MessageQuery
{
    /// <summary>The names in the address, in the order of the form.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["id", "reference", "bureau", "sender", "recipient", "kind", "topic", "precedence", "state", "late", "exercise", "conversation", "from", "before"];

    private readonly Dictionary<string, string> _values;

    private MessageQuery(Dictionary<string, string> values) => _values = values;

    public string this[string name] => _values.GetValueOrDefault(name, "");

    public bool IsEmpty => _values.Count == 0;

    public static MessageQuery Of(Func<string, string?> value) =>
        new(Names.Select(name => (Name: name, Value: value(name)?.Trim() ?? "")).Where(pair => pair.Value.Length is > 0 and <= 200)
            .ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal));

    /// <summary>As an address's query, without the question mark.</summary>
    public override string ToString() => string.Join('&', _values.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));

    public static MessageQuery Parse(string query)
    {
        var pairs = query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]), StringComparer.Ordinal);
        return Of(pairs.GetValueOrDefault);
    }

    /// <summary>The names whose values cannot be read.</summary>
    public IReadOnlyList<string> Problems()
    {
        Filter(out var problems);
        return problems;
    }

    public MessageFilter Filter() => Filter(out _);

    private MessageFilter Filter(out List<string> problems)
    {
        var unread = new List<string>();
        problems = unread;
        return new MessageFilter
        {
            MessageId = Read("id", text => Guid.TryParseExact(text, "D", out _) ? text.ToLowerInvariant() : null),
            Reference = Text("reference"),
            Bureau = Read("bureau", Code),
            Sender = Read("sender", Code),
            Recipient = Read("recipient", Code),
            Kind = Text("kind"),
            Topic = Text("topic"),
            ConversationId = Text("conversation"),
            Precedence = Value<Precedence>("precedence", text => Enum.TryParse<Precedence>(text, ignoreCase: true, out var p) && p != Precedence.Unspecified && !char.IsAsciiDigit(text[0]) ? p : null),
            State = Value<DeliveryState>("state", text => Enum.TryParse<DeliveryState>(text, ignoreCase: true, out var s) && s != DeliveryState.Unspecified && !char.IsAsciiDigit(text[0]) ? s : null),
            Late = Value<bool>("late", Flag),
            Exercise = Value<bool>("exercise", Flag),
            AcceptedFrom = Value<DateTimeOffset>("from", Time),
            AcceptedBefore = Value<DateTimeOffset>("before", Time),
        };

        string? Text(string name) => _values.GetValueOrDefault(name);
        string? Read(string name, Func<string, string?> read)
        {
            if (!_values.TryGetValue(name, out var text)) return null;
            var value = read(text);
            if (value is null) unread.Add(name);
            return value;
        }
        T? Value<T>(string name, Func<string, T?> read)
            where T : struct
        {
            if (!_values.TryGetValue(name, out var text)) return null;
            var value = read(text);
            if (value is null) unread.Add(name);
            return value;
        }
    }

    private static string? Code(string text) => Protocol.Identities.BureauCode.TryParse(text.ToUpperInvariant(), out _) ? text.ToUpperInvariant() : null;

    private static bool? Flag(string text) => text switch { "true" => true, "false" => false, _ => null };

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;
}
