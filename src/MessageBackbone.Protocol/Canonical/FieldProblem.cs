using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Canonical;

/// <summary>
/// What is wrong with a field: its path as in the proto ("to[3]", "handling.purpose") and a text that repeats nothing of its value.
/// </summary>
public readonly record struct FieldProblem(string Path, string Text);

/// <summary>Collects problems; at most 32, since the sender decides how many fields there are.</summary>
internal sealed class FieldChecks
{
    private const int Most = 32;

    private readonly List<FieldProblem> _problems = [];

    public IReadOnlyList<FieldProblem> Problems => _problems;

    public void Require(bool holds, string path, string text)
    {
        if (!holds && _problems.Count < Most)
            _problems.Add(new FieldProblem(path, text));
    }

    public void Bureau(string code, string path) => Require(Patterns.IsBureauCode(code), path, "A bureau code is [A-Z]{2,8}(-[A-Z0-9]{1,12})?.");

    public void MessageId(string id, string path) =>
        Require(Identities.MessageId.TryParse(id, out _), path, "A message id is a UUIDv7 in lower case.");

    public void Digest(Google.Protobuf.ByteString digest, string path) =>
        Require(digest.Length == Digests.Size, path, "A SHA-256 digest has 32 bytes.");

    public void Optional(string value, Func<string, bool> fits, string path, string text) => Require(value.Length == 0 || fits(value), path, text);

    public void Reference(string value, string path) => Optional(value, Patterns.IsReference, path, "Empty, or [A-Za-z0-9._/ -]{1,64}.");

    public void Time(Timestamp? time, string path) =>
        Require(TimestampReading.TryRead(time, out _), path, "Required: a time between the years 1970 and 9999.");
}

/// <summary>Reads times that came from outside: a Timestamp can hold what no DateTimeOffset can.</summary>
public static class TimestampReading
{
    private const long LastSecond = 253_402_300_799;

    public static bool TryRead(Timestamp? timestamp, out DateTimeOffset time)
    {
        time = default;
        if (timestamp is null or { Seconds: < 0 or > LastSecond } or { Nanos: < 0 or > 999_999_999 })
            return false;
        time = DateTimeOffset.FromUnixTimeSeconds(timestamp.Seconds).AddTicks(timestamp.Nanos / 100);
        return true;
    }
}
