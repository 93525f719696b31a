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
        "faults 3, messages 2, lost 0, doubled 0, out of order 0, unresolved 0", Model.Judge([One, Two], Both().Ends).Line(3));

    [Fact]
    public void What_was_answered_for_and_is_nowhere_is_lost()
    {
        var case1 = Both();
        case1.Inbox("DE").RemoveAt(1);
        Assert.Equal("FR/2 for DE: the log has a receipt, DE's inbox has no message", Assert.Single(Model.Judge([One, Two], case1.Ends).Lost));

        var case2 = new Case().Send(One).Keep(Two);
        Assert.Equal("FR/2 for DE: in FR's outbox as accepted  (id FR/2)", Assert.Single(Model.Judge([One, Two], case2.Ends).Lost));
        Assert.Equal("FR/2 for DE: FR got an answer for it, and nobody has it", Assert.Single(Model.Judge([One, Two], new Case().Send(One).Ends).Lost));
    }

    [Fact]
    public void What_the_node_has_still_to_deliver_is_unresolved_and_not_lost()
    {
        var findings = Model.Judge([One, Two], new Case().Send(One).Send(Two, shown: false).Ends);

        Assert.Empty(findings.Lost);
        Assert.Equal("FR/2 for DE: in the log as accepted", Assert.Single(findings.Unresolved));
    }

    [Fact]
    public void What_is_shown_and_has_no_receipt_in_the_log_is_unresolved()
    {
        var shown = new Case().Send(One).Send(Two, shown: false).Show("DE", "FR/2", 2);

        Assert.Equal("FR/2 for DE: shown, and the log has no receipt", Assert.Single(Model.Judge([One, Two], shown.Ends).Unresolved));
    }

    [Fact]
    public void What_is_shown_twice_or_accepted_twice_or_was_refused_and_is_shown_is_doubled()
    {
        Assert.Single(Model.Judge([One, Two], Both().Show("DE", "FR/2", 2).Ends).Doubled);
        Assert.Equal("FR/1: accepted 2 times", Assert.Single(Model.Judge([One, Two], Both().Send(One, id: "again").Ends).Doubled));
        Assert.Single(Model.Judge([One, Two with { Taken = false }], Both().Ends).Doubled);
        Assert.Equal("FR/1 for DE: 2 times Delivered in the log", Assert.Single(Model.Judge([One, Two], Both().Happen("FR/1", "DE", Happened.Delivered).Ends).Doubled));
    }

    [Fact]
    public void A_number_after_a_higher_one_and_a_number_left_out_and_a_number_of_another_are_out_of_order()
    {
        var turned = Both();
        turned.Inbox("DE").Reverse();
        Assert.Equal("DE flash: 1 (FR/1) came after 2", Assert.Single(Model.Judge([One, Two], turned.Ends).OutOfOrder));

        var later = new Case { Numbered = 1 }.Send(Two);
        Assert.Equal("DE flash: 1 never came, 2 did", Assert.Single(Model.Judge([Two], later.Ends).OutOfOrder));

        var other = new Case().Send(One).Send(Two, shown: false).Happen("FR/2", "DE", Happened.Delivered).Show("DE", "FR/2", 3);
        Assert.Contains("DE flash: 3 is FR/2, whose number is 2", Model.Judge([One, Two], other.Ends).OutOfOrder);
    }

    [Fact]
    public void What_nobody_answered_for_is_there_for_all_or_for_none()
    {
        var unknown = Two with { Taken = null };

        Assert.True(Model.Judge([One, unknown], Both().Ends).Good);
        Assert.True(Model.Judge([One, unknown], new Case().Send(One).Ends).Good);
        Assert.Single(Model.Judge([One, unknown], new Case().Send(One).Keep(Two).Ends).Lost);
    }

    [Fact]
    public void A_message_of_a_gateway_whose_clock_is_wrong_ends_refused_and_shown_to_nobody()
    {
        var refused = new Case().Send(One).Keep(Two, "refused", "CLOCK_SKEW");

        Assert.True(Model.Judge([One, Two], refused.Ends).Good);
        Assert.NotEmpty(Model.Judge([One, Two], refused.Show("DE", "FR/2", 2).Ends).Doubled);
    }

    private static Case Both() => new Case().Send(One).Send(Two);
}
