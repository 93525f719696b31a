using System.Text.Json;
using System.Text.Json.Serialization;
using MessageBackbone.Domain.Requests;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Escalating;

/// <summary>What a listener is told: ids, codes and times. Nothing of the content, no reference, no name of a person.</summary>
/// <param name="Step">In the words of <see cref="StepWords"/>.</param>
/// <param name="DueAt">When the step was due.</param>
internal sealed record CallBody(
    string EventId, string MessageId, string Recipient, string Step, string Reason, string Precedence, string To, DateTimeOffset DueAt, DateTimeOffset At,
    string Node)
{
    /// <summary>Of a late delivery: who is to get it.</summary>
    public string? Alternate { get; init; }

    /// <summary>Of a request.</summary>
    public string? DeadlineClass { get; init; }

    /// <summary>Of a request: when its answer is due.</summary>
    public DateTimeOffset? AnswerDueAt { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, CallJson.Default.CallBody);

    public static CallBody Of(string eventId, CalledStep called)
    {
        var (urgency, terms) = (called.About.Precedence.Word(), called.About.DeadlineClass);
        return called.Event switch
        {
            Escalated e => new CallBody(
                eventId, e.MessageId, e.Recipient, e.Step.Word(), e.Reason, urgency, e.To, e.DueAt.ToDateTimeOffset(), e.At.ToDateTimeOffset(), e.Node)
            {
                Alternate = e.Alternate,
            },
            RequestReminded e => new CallBody(
                eventId, e.MessageId, e.Recipient, e.Step.Word(), RequestSteps.DueSoon, urgency, e.To, e.StepDueAt.ToDateTimeOffset(), e.At.ToDateTimeOffset(), e.Node)
            {
                DeadlineClass = terms,
                AnswerDueAt = e.DueAt.ToDateTimeOffset(),
            },
            RequestOverdue e => new CallBody(
                eventId, e.MessageId, e.Recipient, e.Step.Word(), RequestSteps.Overdue, urgency, e.To, e.StepDueAt.ToDateTimeOffset(), e.At.ToDateTimeOffset(), e.Node)
            {
                DeadlineClass = terms,
                AnswerDueAt = e.DueAt.ToDateTimeOffset(),
            },
            _ => throw new InvalidOperationException($"Nobody is called for {called.Event.Descriptor.FullName}."),
        };
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CallBody))]
internal sealed partial class CallJson : JsonSerializerContext;
