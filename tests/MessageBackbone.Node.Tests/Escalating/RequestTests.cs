using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Escalating;

public sealed class RequestTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_that_nobody_answers_is_reminded_of_and_then_told_to_each_party_once()
    {
        await using var house = await RequestHouse.OpenAsync("DE-DUTY");
        var request = await house.AskAsync();
        await house.AheadAsync(60);
        Assert.Empty(await house.EventsAsync(request));
        using var recipient = await Attending.OpenAsync(house.House, "DE");
        await house.TakeOverAsync(recipient, request);

        await house.AheadAsync(4);
        Assert.Equal(["started"], await house.NamesAsync(request));
        await house.AheadAsync(1.2);
        var first = house.House.Notice("DE", recipient, await recipient.DeliveryAsync());
        Assert.Equal(("REQUEST_DUE_SOON", RequestStep.FirstReminder, "hit-urgent", "FR"), (first.Reason, first.RequestStep, first.DeadlineClass, first.From));
        await house.AheadAsync(4);
        Assert.Equal(["started", "reminded", "reminded"], await house.NamesAsync(request));
        Assert.Empty(house.Overdue());

        await house.AheadAsync(1);
        using var desk = await Attending.OpenAsync(house.House, "DE-DUTY");
        Assert.Equal("REQUEST_OVERDUE", house.House.Notice("DE-DUTY", desk, await desk.DeliveryAsync()).Reason);
        Assert.Equal([("DE", 1ul)], house.Overdue());
        await house.AheadAsync(5);
        using var requester = await Attending.OpenAsync(house.House, "FR");
        var told = house.House.Notice("FR", requester, await requester.DeliveryAsync());
        Assert.Equal((first.DueAt, RequestStep.Requester), (told.DueAt, told.RequestStep));

        Assert.Equal(["started", "reminded", "reminded", "overdue", "overdue", "overdue"], await house.NamesAsync(request));
        // The request, two reminders, the duty desk's notice and the requester's.
        Assert.Equal(5, await house.House.CountAsync(LateHouse.WasAccepted));
        var tracked = await house.TrackAsync(request);
        Assert.Equal(["DE", "DE", "DE-DUTY", "FR", ""], tracked!.Steps.Select(step => step.To));
        Assert.Equal((true, first.DueAt, null), (tracked.Late, tracked.DueAt, tracked.ClosedAt));
        var own = await house.TrackAsync(request, "DE");
        Assert.Equal((0, first.DueAt), (own!.Steps.Count, own.DueAt));
    }

    [Theory]
    [InlineData(8, false)]
    [InlineData(11, true)]
    public async Task The_answer_stops_the_clock_in_time_or_late(double minutes, bool late)
    {
        await using var house = await RequestHouse.OpenAsync("DE-DUTY");
        var request = await house.AskAsync();
        using var recipient = await Attending.OpenAsync(house.House, "DE");
        await house.TakeOverAsync(recipient, request);
        await house.AheadAsync(minutes);

        var answer = await house.SendAsync("DE", "FR", "answer", request);
        await house.AheadAsync(600);

        var closed = Assert.IsType<RequestClosed>((await house.EventsAsync(request))[^1]);
        Assert.Equal(("ANSWERED", house.House.IdOf(answer), late), (closed.Reason, closed.By, closed.Late));
        Assert.InRange(closed.Elapsed.ToTimeSpan().TotalMinutes, minutes, minutes + 1);
        Assert.Empty(house.Overdue());
        var tracked = await house.TrackAsync(request);
        Assert.Equal(("ANSWERED", late, closed.Elapsed), (tracked!.Reason, tracked.Late, tracked.Elapsed));
    }

    [Fact]
    public async Task While_a_question_is_open_the_clock_stands_and_goes_on_when_its_answer_is_delivered()
    {
        await using var house = await RequestHouse.OpenAsync("DE-DUTY");
        var request = await house.AskAsync();
        using var recipient = await Attending.OpenAsync(house.House, "DE");
        await house.TakeOverAsync(recipient, request);
        await house.AheadAsync(4);
        var question = await house.SendAsync("DE", "FR", "clarification", request);
        var second = await house.SendAsync("DE", "FR", "clarification", request);
        await house.AheadAsync(100);
        var standing = await house.TrackAsync(request);
        Assert.Equal((house.House.IdOf(question), null, false), (standing!.PausedBy, standing.DueAt, standing.Late));
        Assert.NotNull(standing.PausedSince);

        var one = await house.SendAsync("FR", "DE", "clarification.answer", question);
        await house.TakeOverAsync(recipient, one);
        await house.AheadAsync(100);
        Assert.Equal(["started", "paused"], await house.NamesAsync(request));
        // An answer that is accepted and not delivered yet helps nobody.
        var other = await house.SendAsync("FR", "DE", "clarification.answer", second);
        await house.AheadAsync(100);
        Assert.Equal(["started", "paused"], await house.NamesAsync(request));
        await house.TakeOverAsync(recipient, other);
        await house.AheadAsync(4.5);

        Assert.Equal(["started", "paused", "resumed", "reminded"], await house.NamesAsync(request));
        var resumed = (await house.EventsAsync(request)).OfType<RequestResumed>().Single();
        Assert.InRange((resumed.DueAt.ToDateTimeOffset() - resumed.At.ToDateTimeOffset()).TotalMinutes, 5, 6);
        Assert.Equal(resumed.DueAt, (await house.TrackAsync(request))!.DueAt);
        await house.AheadAsync(5);
        Assert.Equal([("DE", 1ul)], house.Overdue());
    }

    [Fact]
    public async Task Only_who_must_act_owes_an_answer_and_only_that_bureaus_messages_to_the_requester_move_its_clock()
    {
        await using var house = await RequestHouse.OpenAsync("ES", "IT", "DE-DUTY");
        var request = await house.AskAsync([house.House["DE"], house.House["ES"]], house.House["IT"]);
        using var german = await Attending.OpenAsync(house.House, "DE");
        using var italian = await Attending.OpenAsync(house.House, "IT");
        await house.TakeOverAsync(german, request);
        await house.TakeOverAsync(italian, request);
        await house.AheadAsync(1);
        await house.SendAsync("IT", "FR", "answer", request);
        await house.SendAsync("ES", "DE", "answer", request);
        await house.SendAsync("DE", "ES", "answer", request);
        await house.SendAsync("DE", "FR", "text", request);
        await house.UntilQuietAsync();

        Assert.Equal(["started"], await house.NamesAsync(request));
        Assert.Empty(await house.EventsAsync(request, "IT"));
        Assert.Null(await house.TrackAsync(request, about: "IT"));
        // Not delivered, so it has a class and no time yet.
        Assert.Equal(("hit-urgent", null), ((await house.TrackAsync(request, about: "ES"))!.DeadlineClass, (await house.TrackAsync(request, about: "ES"))!.DueAt));
    }

    [Fact]
    public async Task A_recall_closes_the_clock_or_keeps_it_from_starting()
    {
        await using var house = await RequestHouse.OpenAsync("ES", "DE-DUTY");
        var request = await house.AskAsync([house.House["DE"], house.House["ES"]]);
        using var recipient = await Attending.OpenAsync(house.House, "DE");
        await house.TakeOverAsync(recipient, request);
        await house.UntilQuietAsync();

        await house.House["FR"].SubmitAsync(house.House.Order("FR", request));
        await house.House.UntilRecordedAsync("message.recall-ordered.v1");
        await house.AheadAsync(600);

        Assert.Equal("RECALLED", Assert.IsType<RequestClosed>((await house.EventsAsync(request))[^1]).Reason);
        Assert.Empty(await house.EventsAsync(request, "ES"));
    }

    [Fact]
    public async Task A_turn_that_a_stop_kept_from_being_recorded_is_recorded_afterwards_with_its_own_time()
    {
        // So long does the node look at nothing that it is stopped before.
        await using var house = await RequestHouse.OpenAsync(TimeSpan.FromMinutes(1), "DE-DUTY");
        var request = await house.AskAsync();
        using (var recipient = await Attending.OpenAsync(house.House, "DE")) await house.TakeOverAsync(recipient, request);
        await house.SendAsync("DE", "FR", "answer", request);
        Assert.Empty(await house.EventsAsync(request));
        await house.House.StopAsync();
        house.House.Clock.Advance(TimeSpan.FromMinutes(30));

        await house.House.RestartAsync();
        await house.UntilQuietAsync();

        Assert.Equal(["started", "closed"], await house.NamesAsync(request));
        Assert.False((await house.EventsAsync(request)).OfType<RequestClosed>().Single().Late);
    }

    [Fact]
    public async Task What_was_due_while_the_node_was_down_is_done_after_its_start_and_once_also_by_rows_that_are_made_again()
    {
        await using var house = await RequestHouse.OpenAsync("DE-DUTY");
        var request = await house.AskAsync();
        using (var recipient = await Attending.OpenAsync(house.House, "DE")) await house.TakeOverAsync(recipient, request);
        await house.UntilQuietAsync();
        await house.House.StopAsync();
        house.House.Clock.Advance(TimeSpan.FromMinutes(30));
        await house.House.RestartAsync();
        await house.UntilQuietAsync();
        var before = await house.NamesAsync(request);
        Assert.Equal(["started", "overdue", "overdue", "overdue"], before);
        var accepted = await house.House.CountAsync(LateHouse.WasAccepted);

        await house.House.Node.Services.GetRequiredService<ReadModels>().Find("requests")!.RebuildAsync(Cancel);
        await house.UntilQuietAsync();
        await house.House.StopAsync();
        foreach (var file in System.IO.Directory.GetFiles(Path.Combine(house.House.Options.DataFolder, "read-models"), "requests.db*")) File.Delete(file);
        await house.House.RestartAsync();
        await house.UntilQuietAsync();

        Assert.Equal(before, await house.NamesAsync(request));
        Assert.Equal(accepted, await house.House.CountAsync(LateHouse.WasAccepted));
        Assert.Equal([("DE", 1ul)], house.Overdue());
    }

    [Fact]
    public async Task A_clock_that_runs_keeps_the_time_that_was_configured_when_it_started()
    {
        await using var house = await RequestHouse.OpenAsync("DE-DUTY");
        var (running, waiting) = (await house.AskAsync(), await house.AskAsync());
        using (var recipient = await Attending.OpenAsync(house.House, "DE"))
        {
            await house.TakeOverAsync(recipient, running);
            await house.UntilQuietAsync();
            house.House.Options.Requests.Classes["hit-urgent"] = TimeSpan.FromHours(2);
            await house.TakeOverAsync(recipient, waiting);
        }

        await house.AheadAsync(12);

        Assert.Contains("overdue", await house.NamesAsync(running));
        Assert.Equal(["started"], await house.NamesAsync(waiting));
        Assert.Equal(TimeSpan.FromHours(2), (await house.TrackAsync(waiting))!.Allowed.ToTimeSpan());
    }

    [Theory]
    [InlineData("request", "eu-unheard-of", "eu-other, eu-urgent-direct, eu-urgent-indirect, hit-routine, hit-urgent, sirene", "deadline_class")]
    [InlineData("text", "sirene", "kind request", "kind")]
    public async Task A_class_that_is_not_configured_and_one_without_a_request_are_refused(string kind, string deadlineClass, string says, string field)
    {
        await using var house = await RequestHouse.OpenAsync();
        var message = house.House["FR"].Compose(house.House["DE"], header => (header.Kind, header.DeadlineClass) = (kind, deadlineClass));

        var refused = await Refused.ForAsync(Reasons.FieldInvalid, () => house.House["FR"].SubmitAsync(message));

        Assert.Contains(says, refused.Text);
        Assert.Contains(field, refused.Fields);
    }

    [Fact]
    public async Task A_request_to_be_informed_of_owes_nobody_an_answer_and_is_refused()
    {
        await using var house = await RequestHouse.OpenAsync();
        var message = house.House["FR"].Compose([], header =>
        {
            (header.Kind, header.DeadlineClass) = ("request", "sirene");
            header.Info.Add("DE");
        }, house.House["DE"]);

        Assert.Contains("to", (await Refused.ForAsync(Reasons.FieldInvalid, () => house.House["FR"].SubmitAsync(message))).Fields);
    }
}
