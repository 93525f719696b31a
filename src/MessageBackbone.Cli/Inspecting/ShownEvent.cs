using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Domain;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Inspecting;

/// <summary>An event of the log as it is printed; its data as JSON where this version knows the stored name, else as base64.</summary>
internal sealed record ShownEvent(
    ulong Position, DateTimeOffset RecordedAt, string Stream, ulong Revision, string Type, string Actor, string Correlation, string EventId,
        ulong LeafIndex, JsonNode? Data)
{
    public static readonly IReadOnlyList<string> Columns = ["position", "at", "type", "stream", "by", "what"];

    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    public static ShownEvent Of(RecordedEvent e) => new(
        e.Position, e.RecordedAt.ToDateTimeOffset(), e.Stream, e.Revision, e.Type, e.Metadata?.Actor ?? "", e.Metadata?.Correlation ?? "",
        e.Metadata is { EventId.Length: 16 } m ? new Guid(m.EventId.Span, bigEndian: true).ToString() : "", e.LeafIndex, Content(e));

    /// <summary>What an event says, as JSON with the contract's field names.</summary>
    public static JsonNode Fields(IMessage @event) => JsonNode.Parse(Formatter.Format(@event))!;

    public IReadOnlyList<string> Cells() =>
        [Position.ToString(), Plain.Time(RecordedAt), Type, Stream, Actor.Replace("urn:backbone:", "", StringComparison.Ordinal), Summary()];

    private static JsonNode? Content(RecordedEvent e)
    {
        try
        {
            return EventTypes.IsKnown(e.Type) ? JsonNode.Parse(Formatter.Format(EventTypes.Parse(e.Type, e.Data.Memory)))
                : JsonValue.Create(e.Data.ToBase64());
        }
        catch (Exception unreadable) when (unreadable is InvalidProtocolBufferException or JsonException)
        {
            return JsonValue.Create(e.Data.ToBase64());
        }
    }

    /// <summary>What a reader looks for first, by the events' field names.</summary>
    private string Summary()
    {
        if (Data is not JsonObject data) return "";
        var header = data["content"] as JsonObject ?? data;
        var parts = new List<string>();
        foreach (var field in (string[])["from", "to", "info", "recipient", "recipients", "precedence", "kind", "reason", "code", "topic", "purpose",
            "subject"])
        {
            if ((header[field] ?? data[field]) is { } value) parts.Add($"{field} {Short(value)}");
        }
        return string.Join(", ", parts);
    }

    private static string Short(JsonNode value)
    {
        var text = value is JsonArray list ? string.Join(' ', list.Select(i => i?.ToString())) : value.ToString();
        text = text.StartsWith("PRECEDENCE_", StringComparison.Ordinal) ? text["PRECEDENCE_".Length..].ToLowerInvariant() : text;
        return text.Length > 80 ? text[..79] + "…" : text;
    }
}
