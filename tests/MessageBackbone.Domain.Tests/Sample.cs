using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests;

internal static class Sample
{
    public const string MessageId = "0199a1b2-0000-7000-8000-000000000001";
    public static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    public static readonly ByteString BodyHash = Hash(7);

    public static ByteString Hash(byte fill) => ByteString.CopyFrom([.. Enumerable.Repeat(fill, 32)]);

    public static string ActId(int number) => $"0199a1b2-0000-7000-8000-{number:x12}";

    public static Accepted Accepted(string from = "FR", byte header = 1, params string[] recipients) => new()
    {
        Header = ByteString.CopyFromUtf8($"header {header}"),
        HeaderSha256 = Hash(header),
        Content = new MessageHeader { MessageId = MessageId, From = from, BodySha256 = BodyHash },
        AcceptedAt = Noon.ToTimestamp(),
        Recipients = { recipients.Length == 0 ? ["DE"] : recipients },
    };
}
