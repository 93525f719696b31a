using System.Text.Json;
using Google.Protobuf;
using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.V1;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>What lies beside an event in the server, where the server's own tools look for it.</summary>
public sealed class StoredEventTests
{
    [Fact]
    public void What_belongs_together_and_what_led_to_it_have_the_names_that_the_servers_tools_show()
    {
        var metadata = new EventMetadata { Correlation = "message-1", Causation = "act-2", Actor = "urn:backbone:bureau:FR" };

        var described = Describe(metadata.ToByteArray());

        Assert.Equal("message-1", described.GetProperty("$correlationId").GetString());
        Assert.Equal("act-2", described.GetProperty("$causationId").GetString());
        Assert.Equal(metadata, EventMetadata.Parser.ParseFrom(described.GetProperty("metadata").GetBytesFromBase64()));
    }

    [Theory]
    [InlineData()]
    [InlineData(0xFF, 0xFF, 0xFF)]
    public void Other_metadata_link_nothing_and_are_kept(params int[] bytes)
    {
        byte[] metadata = [.. bytes.Select(b => (byte)b)];

        var described = Describe(metadata);

        Assert.False(described.TryGetProperty("$correlationId", out _));
        Assert.Equal(metadata, described.GetProperty("metadata").GetBytesFromBase64());
    }

    private static JsonElement Describe(byte[] metadata) => JsonDocument.Parse(
        StoredEvent.Describe(new(Guid.NewGuid(), "t", default, metadata, Contract.Sample.Time), 1, 3).Memory).RootElement;
}
