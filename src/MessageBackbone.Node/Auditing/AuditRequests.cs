using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Auditing;

/// <summary>What a reading of the history must say, and its limits.</summary>
internal static class AuditRequests
{
    private const int LongestJustification = 200;
    private const int MostTypes = 100;
    private const int LongestType = 200;

    /// <exception cref="RefusalException">A field is not as audit.proto says.</exception>
    public static void Check(ReadEventsRequest request)
    {
        Check(request.Purpose, request.Justification);
        if (request.Filter is not { } filter) return;
        Require(filter.StreamPrefix.Length == 0 || StreamId.IsValid(filter.StreamPrefix), "filter.stream_prefix", "A stream's name has letters, digits and hyphens only.");
        Require(filter.Types_.Count <= MostTypes && filter.Types_.All(type => type.Length is > 0 and <= LongestType), "filter.types", "Name at most 100 types.");
        Require(IsTime(filter.RecordedFrom), "filter.recorded_from", "Give a time of the years 1 to 9999.");
        Require(IsTime(filter.RecordedBefore), "filter.recorded_before", "Give a time of the years 1 to 9999.");
    }

    /// <exception cref="RefusalException">A field is not as audit.proto says.</exception>
    public static void Check(HistoryRequest request)
    {
        Check(request.Purpose, request.Justification);
        Require(MessageId.TryParse(request.MessageId, out _), "message_id", "A message id is a UUIDv7 in lower case.");
    }

    private static void Check(string purpose, string justification)
    {
        Require(Patterns.IsPurpose(purpose), "purpose", "Say the purpose as a code like court-order.");
        Require(Patterns.IsOneLine(justification, LongestJustification), "justification", "Say why in one line of 1 to 200 characters: it is recorded.");
    }

    private static bool IsTime(Timestamp? time) =>
        time is null || (time.Seconds is >= -62_135_596_800 and <= 253_402_300_799 && time.Nanos is >= 0 and < 1_000_000_000);

    private static void Require(bool holds, string field, string text)
    {
        if (!holds) throw new RefusalException(Reasons.FieldInvalid, text, [field]);
    }
}
