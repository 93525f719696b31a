using System.ComponentModel;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.LocalApi;

internal sealed record RequestShape(
    string DeadlineClass,
    [property: Description("waiting (its clock starts with the delivery), running, paused, overdue or closed.")] string State,
    [property: Description("How long the answer may take.")] double? AllowedSeconds,
    [property: Description("What the clock showed when the node was asked, or when it stopped.")] double? ElapsedSeconds,
    DateTimeOffset? StartedAt,
    [property: Description("When the answer is due; absent while the clock stands still.")] DateTimeOffset? DueAt, DateTimeOffset? PausedSince,
    [property: Description("The clarification that stopped it.")] string PausedBy, DateTimeOffset? ClosedAt,
    [property: Description("The answer, or the order to recall.")] string ClosedBy,
    [property: Description("ANSWERED, RECALLED or CLASS_UNKNOWN; empty: it is not closed.")] string Reason,
    [property: Description("More time than allowed was used.")] bool Late, IReadOnlyList<RequestStepShape> Steps)
{
    private const int MostSteps = 16;

    public static RequestShape? Of(RequestTracking? tracking) => tracking is null
        ? null
        : new(
            tracking.DeadlineClass, StateOf(tracking), tracking.Allowed is { } allowed ? Seconds(allowed) : null,
            tracking.Elapsed is { } elapsed ? Seconds(elapsed) : null, ShapeMapping.Time(tracking.StartedAt), ShapeMapping.Time(tracking.DueAt),
            ShapeMapping.Time(tracking.PausedSince), tracking.PausedBy, ShapeMapping.Time(tracking.ClosedAt), tracking.ClosedBy, tracking.Reason, tracking.Late,
            [.. tracking.Steps.Take(MostSteps).Select(taken => new RequestStepShape(EnumNames.Of(taken.Step), ShapeMapping.Time(taken.At), taken.To))]);

    private static string StateOf(RequestTracking tracking) => tracking switch
    {
        { ClosedAt: not null } => "closed",
        { PausedSince: not null } => "paused",
        { StartedAt: null } => "waiting",
        { Late: true } => "overdue",
        _ => "running",
    };

    // What the node says is not checked before: nothing of it may throw here.
    private static double Seconds(Google.Protobuf.WellKnownTypes.Duration duration) => duration.Seconds + (duration.Nanos / 1e9);
}

internal sealed record RequestStepShape(string Step, DateTimeOffset? At, [property: Description("Who was told; empty: the operators.")] string To);
