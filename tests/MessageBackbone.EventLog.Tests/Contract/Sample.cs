namespace MessageBackbone.EventLog.Tests.Contract;

public static class Sample
{
    public static readonly DateTimeOffset Time = new DateTimeOffset(2026, 11, 23, 8, 30, 0, TimeSpan.Zero).AddTicks(1_234_567);

    public static StreamId Stream() => StreamId.Message($"{Guid.CreateVersion7(Time)}");

    public static NewEvent Event(int bytes = 64, string type = "message.accepted.v1")
    {
        var data = new byte[bytes];
        Random.Shared.NextBytes(data);
        return new(Guid.NewGuid(), type, data, new byte[] { 1, 2, 3 }, Time);
    }

    public static NewEvent[] Events(int count) => [.. Enumerable.Range(0, count).Select(_ => Event())];

    public static ExpectedRevision At(ulong revision) => ExpectedRevision.At(new(revision));

    public static void AssertSame(NewEvent expected, RecordedEvent actual)
    {
        Assert.Equal(expected.EventId, actual.EventId);
        Assert.Equal(expected.Type, actual.Type);
        Assert.Equal(expected.RecordedAt, actual.RecordedAt);
        Assert.Equal(TimeSpan.Zero, actual.RecordedAt.Offset);
        Assert.True(expected.Data.Span.SequenceEqual(actual.Data.Span));
        Assert.True(expected.Metadata.Span.SequenceEqual(actual.Metadata.Span));
    }
}
