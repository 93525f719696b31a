using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Judging;
using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults;

/// <summary>What is to become of a message besides being shown: the model sees when it does not, and when it does twice.</summary>
public sealed class ModelDutyTests
{
    private static readonly Sent Plain = new("FR/1", "FR", ["DE"], "priority", Taken: true);

    [Fact]
    public void An_opening_is_in_the_inbox_and_in_the_log()
    {
        var sent = Plain with { What = What.Opened, Opened = ["DE"] };

        Good(sent, new Case().Send(sent).Open("DE", sent));
        Assert.Single(Model.Judge([sent], new Case().Send(sent).Open("DE", sent, told: false).Ends).Lost);
        Assert.Single(Model.Judge([sent], new Case().Send(sent).Happen(sent.Reference, "DE", Happened.Opened).Ends).Lost);
        Assert.Single(Model.Judge([sent], new Case().Send(sent).Ends).Lost);
    }

    [Fact]
    public void The_clock_of_a_request_starts_with_its_delivery_and_is_closed_by_the_answer_alone()
    {
        var (sent, answer) = (Plain with { What = What.Request }, new Sent("DE/re/FR/1", "DE", ["FR"], "priority", Taken: true) { What = What.Answer });
        Case Asked() => new Case().Send(sent).Happen(sent.Reference, "DE", Happened.Started);
        Case Answered() => Asked().Send(answer, kind: "answer", inReplyTo: sent.Reference);

        Case Overtaken(Happened first, Happened second) => new Case().Send(sent, shown: false).Happen(sent.Reference, "DE", first).Happen(sent.Reference, "DE", second)
            .Show("DE", sent.Reference, 1).Send(answer, kind: "answer", inReplyTo: sent.Reference).Happen(sent.Reference, "DE", Happened.Closed);

        Good(sent, Asked());
        Assert.True(Model.Judge([sent, answer], Overtaken(Happened.Answered, Happened.Delivered).Ends).Good);
        Assert.Single(Model.Judge([sent, answer], Overtaken(Happened.Delivered, Happened.Answered).Ends).Unresolved);
        Assert.True(Model.Judge([sent, answer], Answered().Happen(sent.Reference, "DE", Happened.Closed).Ends).Good);
        Assert.Single(Model.Judge([sent], new Case().Send(sent).Ends).Unresolved);
        Assert.Single(Model.Judge([sent, answer], Answered().Ends).Unresolved);
        Assert.Single(Model.Judge([sent], Asked().Happen(sent.Reference, "DE", Happened.Closed).Ends).Lost);
        Assert.Single(Model.Judge([sent, answer], Answered().Happen(sent.Reference, "DE", Happened.Closed).Happen(sent.Reference, "DE", Happened.Closed).Ends).Doubled);
    }

    [Fact]
    public void What_has_a_time_is_delivered_or_expires_with_a_report_and_is_not_shown_then()
    {
        var sent = Plain with { What = What.Dated };
        Case Expired() => new Case().Send(sent, shown: false).Happen(sent.Reference, "DE", Happened.Expired, eventId: "event");

        Good(sent, new Case().Send(sent));
        Good(sent, new Case().Keep(sent, "refused", "EXPIRED"));
        Good(sent, Expired().Report("event", "FR"));
        Assert.Single(Model.Judge([sent], Expired().Ends).Lost);
        Assert.Single(Model.Judge([sent], Expired().Report("event", "FR").Report("event2", "FR").Ends).Doubled);
        Assert.Single(Model.Judge([sent], Expired().Report("event", "FR").Show("FR", "event", 1).Ends).Doubled);
        Assert.Single(Model.Judge([sent], Expired().Report("event", "FR").Show("DE", sent.Reference, 1).Ends).Unresolved);
        Assert.Single(Model.Judge([sent], new Case().Send(sent).Happen(sent.Reference, "DE", Happened.Expired, eventId: "event").Report("event", "FR").Ends).Doubled);
        Assert.Single(Model.Judge([Plain], Expired().Report("event", "FR").Ends).Lost);
        var silent = new Case().Send(sent with { To = ["DE", "GB"] }, shown: false).Happen(sent.Reference, "DE", Happened.Expired, eventId: "event").Report("event", "FR");
        Assert.Equal("FR/1 for GB: its time is over, and it has not expired", Assert.Single(Model.Judge([sent with { To = ["DE", "GB"] }], silent.Ends).Unresolved));
        // In its hands when the time passed: the receipt is evidence.
        Good(sent, Expired().Report("event", "FR").Happen(sent.Reference, "DE", Happened.Delivered).Show("DE", sent.Reference, 1));
    }

    [Fact]
    public void What_is_recalled_is_deleted_or_was_never_held_and_its_recipient_states_that_once()
    {
        var sent = Plain with { What = What.Recalled, Recalled = true };
        Case Deleted(string state = "deleted", string shownAs = "deleted") => new Case().Send(sent).MarkRecalled("DE", sent, shownAs).Order(sent, state);
        Case Stopped(string state = "not_held") => new Case().Send(sent, shown: false).Happen(sent.Reference, "DE", Happened.Recalled).Order(sent, state);

        Good(sent, Deleted());
        Good(sent, Stopped());
        Good(sent, new Case().Send(sent, shown: false).Happen(sent.Reference, "DE", Happened.Refused, "RECALLED").Order(sent, "not_held"));
        Assert.Single(Model.Judge([sent], new Case().Send(sent).Ends).Lost);
        Assert.Single(Model.Judge([sent], Deleted(state: "not_held").Ends).Doubled);
        Assert.Single(Model.Judge([sent], Stopped(state: "deleted").Ends).Doubled);
        Assert.Single(Model.Judge([sent], Deleted(shownAs: "").Ends).Unresolved);
        Assert.Single(Model.Judge([sent], Stopped(state: "asked_back").Ends).Unresolved);
        Assert.NotEmpty(Model.Judge([sent], Stopped().Show("DE", sent.Reference, 1).Ends).Unresolved);
        Assert.Single(Model.Judge([sent], Stopped().State(sent, id: "another").Ends).Doubled);
        Assert.Single(Model.Judge([sent], new Case().Send(sent).MarkRecalled("DE", sent, "deleted").Order(sent, "deleted", stated: false).Ends).Lost);
        Assert.NotEmpty(Model.Judge([sent with { Recalled = false }], Stopped().Ends).Lost);
    }

    [Fact]
    public void What_is_late_goes_to_its_alternate_once_and_each_step_is_taken_and_told_once()
    {
        var sent = Plain with { What = What.Late, Precedence = "immediate", Alternate = "ES" };
        Case Redirected(bool shown = true) => new Case().Send(sent)
            .Happen(sent.Reference, "DE", Happened.DutyDesk, "NOT_OPENED", "first").Report("first", "DE")
            .Happen(sent.Reference, "DE", Happened.Alternate, "REDIRECTED")
            .Happen(sent.Reference, "DE", Happened.Redirected, "ES", "second").Report("second", "FR").Begin(sent, "ES", shown);

        Good(sent, Redirected());
        Assert.NotEmpty(Model.Judge([sent], new Case().Send(sent).Ends).Unresolved);
        Assert.Single(Model.Judge([sent], Redirected(shown: false).Ends).Unresolved);
        Assert.Single(Model.Judge([sent], Redirected().Show("ES", sent.Reference, 1).Ends).Doubled);
        Assert.Single(Model.Judge([sent], new Case().Send(sent).Show("ES", sent.Reference, 1).Ends).Doubled);
        Assert.Single(Model.Judge([sent], Redirected().Happen(sent.Reference, "DE", Happened.DutyDesk).Ends).Doubled);
        Assert.Single(Model.Judge([sent], Redirected().Happen(sent.Reference, "DE", Happened.Sender, "NOT_OPENED", "third").Ends).Lost);
    }

    [Fact]
    public void A_file_comes_with_the_bytes_that_were_sent()
    {
        var sent = Plain with { What = What.File, FileSha256 = "aa" };

        Good(sent, new Case().Send(sent).File(sent, "aa"));
        Assert.Single(Model.Judge([sent], new Case().Send(sent).Ends).Lost);
        Assert.Single(Model.Judge([sent], new Case().Send(sent).File(sent, "bb").Ends).Lost);
    }

    [Fact]
    public void Behind_what_was_kept_apart_its_conversation_comes_in_the_order_of_the_log_though_its_numbers_are_passed_over()
    {
        var (poison, next) = (Plain with { What = What.Poison, Conversation = "c" }, new Sent("FR/2", "FR", ["DE"], "priority", Taken: true));
        var (behind, last) = (next with { Reference = "FR/3", What = What.Behind, Conversation = "c" }, next with { Reference = "FR/4", What = What.Behind, Conversation = "c" });
        Sent[] all = [poison, next, behind, last];
        Case Came(params string[] references)
        {
            var came = all.Aggregate(new Case(), (one, sent) => one.Send(sent, shown: false)).Happen(poison.Reference, "DE", Happened.Quarantined);
            return references.Aggregate(came, (one, reference) => one.Happen(reference, "DE", Happened.Delivered).Show("DE", reference, ulong.Parse(reference[3..])));
        }

        Assert.True(Model.Judge(all, Came("FR/2", "FR/1", "FR/3", "FR/4").Ends).Good);
        Assert.Single(Model.Judge(all, Came("FR/2", "FR/3", "FR/1", "FR/4").Ends).OutOfOrder);
        Assert.Single(Model.Judge(all, Came("FR/2", "FR/1", "FR/4", "FR/3").Ends).OutOfOrder);
        var refused = Came("FR/2", "FR/3", "FR/4").Happen(poison.Reference, "DE", Happened.RefusedByOperator, eventId: "event").Report("event", "FR");
        Assert.True(Model.Judge([poison with { Refuse = true }, next, behind, last], refused.Ends).Good);
        Assert.Single(Model.Judge(all, refused.Ends).Lost);
    }

    private static void Good(Sent sent, Case ends)
    {
        var findings = Model.Judge([sent], ends.Ends);
        Assert.True(findings.Good, string.Join('\n', findings.Details()));
    }
}
