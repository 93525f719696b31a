using MessageBackbone.Node.Dashboard.Reading;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Dashboard;

/// <summary>A search as an address holds it.</summary>
public sealed class MessageQueryTests
{
    [Fact]
    public void An_address_is_read_whole_and_written_again_the_same()
    {
        const string Address = "reference=FR%2F2026%2F1&recipient=de&kind=alert.cap&precedence=flash&state=waiting&late=true&exercise=false&from=2026-11-27T10%3A00";
        var query = MessageQuery.Parse(Address);

        var filter = query.Filter();
        Assert.Empty(query.Problems());
        Assert.Equal(("FR/2026/1", "DE", "alert.cap", Precedence.Flash, DeliveryState.Waiting), (filter.Reference, filter.Recipient, filter.Kind, filter.Precedence, filter.State));
        Assert.Equal((true, false, new DateTimeOffset(2026, 11, 27, 10, 0, 0, TimeSpan.Zero)), (filter.Late, filter.Exercise, filter.AcceptedFrom));
        Assert.Equal(Address, query.ToString());
    }

    [Theory]
    [InlineData("id=12")]
    [InlineData("recipient=D%20E")]
    [InlineData("precedence=urgent")]
    [InlineData("precedence=4")]
    [InlineData("state=unspecified")]
    [InlineData("late=perhaps")]
    [InlineData("from=yesterday")]
    public void What_cannot_be_read_is_named_and_not_passed_over(string address) =>
        Assert.Equal([address.Split('=')[0]], MessageQuery.Parse(address).Problems());

    [Fact]
    public void Nothing_asked_is_everything() => Assert.True(MessageQuery.Parse("recipient=&state=").IsEmpty);
}
