using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using MessageBackbone.Domain;

namespace MessageBackbone.Node.Dashboard.Reading;

/// <summary>An event as people read it: JSON with the contract's field names. It holds what the log holds: headers and receipts, no body.</summary>
internal static class EventText
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    // Escaped where HTML needs it by the page; here only what is no text is.
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(IMessage @event) => JsonNode.Parse(Formatter.Format(@event))!.ToJsonString(Indented);

    /// <summary>Where this version does not know the type, or the bytes are none of it: the bytes in base64.</summary>
    public static string Of(string type, ReadOnlyMemory<byte> data)
    {
        try
        {
            return EventTypes.IsKnown(type) ? Of(EventTypes.Parse(type, data)) : Convert.ToBase64String(data.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return Convert.ToBase64String(data.Span);
        }
    }
}
