using System.Text.Json;
using System.Text.Json.Serialization;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Escalating;

/// <summary>What a listener is told: ids, codes and times. Nothing of the content, no reference, no name of a person.</summary>
internal sealed record CallBody(
    string EventId, string MessageId, string Recipient, string Step, string Reason, string Precedence, string To, string Alternate, DateTimeOffset DueAt,
    DateTimeOffset At, string Node)
{
    public static byte[] Of(string eventId, Escalated e, Precedence precedence) => JsonSerializer.SerializeToUtf8Bytes(
        new CallBody(
            eventId, e.MessageId, e.Recipient, e.Step.Word(), e.Reason, precedence.Word(), e.To, e.Alternate, e.DueAt.ToDateTimeOffset(), e.At.ToDateTimeOffset(), e.Node),
        CallJson.Default.CallBody);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CallBody))]
internal sealed partial class CallJson : JsonSerializerContext;
