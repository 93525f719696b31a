using Grpc.Core;

namespace MessageBackbone.GrpcTests;

/// <summary>grpc-dotnet finds out when the headers are sent.</summary>
public sealed partial class MetadataAndStatusTests
{
    [Fact]
    public void Keys_and_texts_that_HTTP2_cannot_carry_are_refused_where_they_are_made()
    {
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("a b", "x"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("a", "line\nbreak"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("a-bin", "text"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("a", [1]));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("a", "b"));
    }
}
