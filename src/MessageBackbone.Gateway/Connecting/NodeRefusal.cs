using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Connecting;

/// <summary>Why the node did not do what was asked. What comes from outside is bounded before it is kept or shown.</summary>
internal sealed record NodeRefusal(string Reason, string Text, IReadOnlyList<string> Fields, TimeSpan? RetryAfter, IReadOnlyDictionary<string, string> Metadata)
{
    private const string Domain = "backbone";
    private const string DetailsKey = "grpc-status-details-bin";
    private const int MaxText = 1000;
    private const int MaxFields = 100;
    private static readonly TimeSpan _maxRetryAfter = TimeSpan.FromMinutes(10);

    /// <summary>Null where the fault is no refusal of the contract: a lost connection, a deadline, a failing node. Then nobody knows whether it was done.</summary>
    public static NodeRefusal? Of(RpcException fault)
    {
        if (fault.Trailers.GetValueBytes(DetailsKey) is not { } bytes) return null;
        try
        {
            return Read(Google.Rpc.Status.Parser.ParseFrom(bytes));
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    public static NodeRefusal Of(Refusal refusal) =>
        new(Short(refusal.Reason), Short(refusal.Text), [.. refusal.Fields.Take(MaxFields).Select(Short)], Pause(refusal.RetryAfter), Few(refusal.Metadata));

    private static NodeRefusal? Read(Google.Rpc.Status status)
    {
        ErrorInfo? info = null;
        IReadOnlyList<string> fields = [];
        TimeSpan? retryAfter = null;
        foreach (var detail in status.Details.Take(16))
        {
            if (detail.TryUnpack<ErrorInfo>(out var found)) info = found;
            else if (detail.TryUnpack<BadRequest>(out var request)) fields = [.. request.FieldViolations.Take(MaxFields).Select(v => Short(v.Field))];
            else if (detail.TryUnpack<RetryInfo>(out var retry)) retryAfter = Pause(retry.RetryDelay);
        }
        return info is { Domain: Domain, Reason.Length: > 0 } ? new NodeRefusal(Short(info.Reason), Short(status.Message), fields, retryAfter, Few(info.Metadata)) : null;
    }

    private static TimeSpan? Pause(Google.Protobuf.WellKnownTypes.Duration? told) =>
        told is null or { Seconds: < 0 } ? null : TimeSpan.FromSeconds(Math.Min(told.Seconds + (told.Nanos / 1e9), _maxRetryAfter.TotalSeconds));

    private static Dictionary<string, string> Few(IDictionary<string, string> metadata) =>
        metadata.Take(16).ToDictionary(m => m.Key, m => m.Value.Length > 8192 ? "" : m.Value, StringComparer.Ordinal);

    private static string Short(string text) => new([.. text.Take(MaxText).Where(c => !char.IsControl(c))]);
}
