using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Judging;
using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults;

/// <summary>The model sees each damage, and nothing where there is none.</summary>
public sealed class ModelTests
{
    private static readonly Sent One = new("FR/1", "FR", ["DE"], "flash", Taken: true), Two = new("FR/2", "FR", ["DE"], "flash", Taken: true);

    [Fact]
    public void What_is_shown_once_in_order_and_receipted_is_good() => Assert.Equal(
        "faults 3, messages 2, lost 0, doubled 0, out of order 0, unresolved 0", Model.Judge([One, Two], Good([1, 2])).Line(3));

    [Fact]
    public void What_was_answered_for_and_is_nowhere_is_lost()
    {
        var findings = Model.Judge([One, Two], Good([1]) with { Delivered = new Dictionary<(string, string), int> { [("FR/1", "DE")] = 1, [("FR/2", "DE")] = 1 } });

        Assert.Equal("FR/2 for DE: the log has a receipt, DE's inbox has no message", Assert.Single(findings.Lost));
    }

    [Fact]
    public void What_the_node_has_still_to_deliver_is_unresolved_and_not_lost()
    {
        var findings = Model.Judge([One, Two], Good([1]) with { Open = new HashSet<(string, string)> { ("FR/2", "DE") } });

        Assert.Empty(findings.Lost);
        Assert.Single(findings.Unresolved);
    }

    [Fact]
    public void What_is_shown_twice_or_accepted_twice_or_was_refused_and_is_shown_is_doubled()
    {
        Assert.Single(Model.Judge([One, Two], Good([1, 2, 2])).Doubled);
        Assert.Single(Model.Judge([One, Two], Good([1, 2]) with { Accepted = new Dictionary<string, int> { ["FR/1"] = 2, ["FR/2"] = 1 } }).Doubled);
        Assert.Single(Model.Judge([One, Two with { Taken = false }], Good([1, 2])).Doubled);
    }

    [Fact]
    public void A_number_after_a_higher_one_and_a_number_left_out_are_out_of_order()
    {
        Assert.Single(Model.Judge([One, Two], Good([2, 1])).OutOfOrder);
        Assert.Equal("DE flash: 1 never came, 2 did", Assert.Single(Model.Judge([Two], Good([2])).OutOfOrder));
    }

    [Fact]
    public void What_nobody_answered_for_is_there_for_all_or_for_none()
    {
        var unknown = Two with { Taken = null };

        Assert.True(Model.Judge([One, unknown], Good([1, 2])).Good);
        Assert.True(Model.Judge([One, unknown], Good([1]) with { Outboxes = new Dictionary<string, List<Queued>>() }).Good);
        Assert.Single(Model.Judge([One, unknown], Good([1])).Lost);
    }

    [Fact]
    public void A_message_of_a_gateway_whose_clock_is_wrong_ends_refused_and_shown_to_nobody()
    {
        var outbox = new Dictionary<string, List<Queued>> { ["FR"] = [new("a", "accepted", "FR/1", ""), new("b", "refused", "FR/2", "CLOCK_SKEW")] };

        Assert.True(Model.Judge([One, Two], Good([1]) with { Outboxes = outbox }).Good);
        Assert.Single(Model.Judge([One, Two], Good([1, 2]) with { Outboxes = outbox }).Doubled);
    }

    // DE is shown these of FR's messages, whose numbers are the same, and has receipted them; FR's outbox has both.
    private static Ends Good(int[] shown) => new()
    {
        Accepted = shown.Distinct().ToDictionary(number => $"FR/{number}", _ => 1),
        Delivered = shown.Distinct().ToDictionary(number => ($"FR/{number}", "DE"), _ => 1),
        Outboxes = new Dictionary<string, List<Queued>> { ["FR"] = [new("a", "accepted", "FR/1", ""), new("b", "accepted", "FR/2", "")] },
        Inboxes = new Dictionary<string, List<Shown>>
        {
            ["DE"] = [.. shown.Select(number => new Shown($"{number}", "FR", "flash", "text", $"FR/{number}", (ulong)number))],
        },
        Unfinished = [],
        Open = new HashSet<(string, string)>(),
    };
}
