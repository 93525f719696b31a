namespace MessageBackbone.EventLog.Tests;

public sealed class StreamIdTests
{
    [Theory]
    [InlineData("directory")]
    [InlineData("delivery-019e1b44-7c00-7000-8000-000000000001-DE")]
    [InlineData("0")]
    public void A_name_of_letters_digits_and_hyphens_is_a_stream(string name) => Assert.Equal(name, new StreamId(name).Value);

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a_b")]
    [InlineData("a/b")]
    [InlineData("a\0")]
    [InlineData("stra\u00dfe")]
    [InlineData("$all")]
    [InlineData(null)]
    public void Any_other_name_is_refused(string? name) => Assert.Throws<ArgumentException>(() => new StreamId(name!));

    [Fact]
    public void A_name_has_at_most_200_characters()
    {
        Assert.Equal(200, new StreamId(new string('a', 200)).Value.Length);
        Assert.Throws<ArgumentException>(() => new StreamId(new string('a', 201)));
    }

    [Fact]
    public void The_house_s_streams_have_their_agreed_names()
    {
        Assert.Equal("message-m1", StreamId.Message("m1").Value);
        Assert.Equal("delivery-m1-DE", StreamId.Delivery("m1", "DE").Value);
        Assert.Equal("bureau-FR", StreamId.Bureau("FR").Value);
        Assert.Equal("content-ab12", StreamId.Content("ab12").Value);
        Assert.Equal(["directory", "security", "access", "operations", "ledger"],
            new[] { StreamId.Directory, StreamId.Security, StreamId.Access, StreamId.Operations, StreamId.Ledger }.Select(s => s.Value));
    }

    [Fact]
    public void A_stream_id_without_a_name_cannot_be_used() => Assert.Throws<InvalidOperationException>(() => default(StreamId).Value);
}
