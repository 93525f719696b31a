using MessageBackbone.Cli.Carrying;

namespace MessageBackbone.Cli.Tests.Carrying;

public sealed class CarryToldTests
{
    [Theory]
    [InlineData(0, "  message-2")]
    [InlineData(17, "  … and 17 more")]
    public void A_list_that_was_cut_says_how_many_are_missing(ulong more, string last)
    {
        var lines = CarryTold.Named(Facts("message-1", "message-2") with { NotCarriedMore = more });

        Assert.Contains("attachments", lines[0], StringComparison.Ordinal);
        Assert.Equal(("  message-1", last), (lines[1], lines[^1]));
    }

    [Fact]
    public void Of_a_file_that_holds_everything_nothing_is_said() => Assert.Empty(CarryTold.Named(Facts()));

    private static CarryFacts Facts(params string[] notCarried) =>
        new("FR", "to_node", 1, "", 1, [], 0, 0, 0, false, false, 0, 0, 0, 0, 0, notCarried);
}
