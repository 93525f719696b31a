using System.ComponentModel.DataAnnotations;
using MessageBackbone.Node.Escalating;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.V1;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static MessageBackbone.Node.Tests.Escalating.LateHouse;

namespace MessageBackbone.Node.Tests.Escalating;

/// <summary>Steps told over HTTPS, to a real listener.</summary>
public sealed class CallTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_step_is_told_as_a_small_json_with_a_key_and_the_clients_certificate_and_recorded()
    {
        await using var listener = await Listener.OpenAsync(202);
        await using var house = await OpenAsync(listener, call => call.Steps = ["duty-desk"]);
        var message = await house.SubmitAsync(Precedence.Flash);

        house.Clock.Advance(TimeSpan.FromHours(1));
        await house.UntilRecordedAsync(CallEnded);
        await house.UntilQuietAsync();

        var call = Assert.Single(listener.Told);
        var step = (await house.ReadAsync(MessageBackbone.EventLog.StreamId.Delivery(house.IdOf(message), "DE")))[0];
        Assert.Equal(("POST", "/escalations", step.EventId.ToString("D"), "CN=node"), (call.Method, call.Path, call.Key, call.Client));
        Assert.Equal((call.Key, house.IdOf(message), "DE", "duty-desk", "NOT_DELIVERED", "flash"), (
            Text(call, "event_id"), Text(call, "message_id"), Text(call, "recipient"), Text(call, "step"), Text(call, "reason"), Text(call, "precedence")));
        // Nothing of the content, and no number of the sender's.
        Assert.DoesNotContain("Bonjour", call.Body.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("FR-7", call.Body.GetRawText(), StringComparison.Ordinal);
        var end = Assert.Single((await house.EventsAsync(message)).OfType<EscalationCalled>());
        Assert.Equal((true, "202", 1u, call.Key, EscalationStep.DutyDesk), (end.Accepted, end.Outcome, end.Attempts, end.EventId, end.Step));
    }

    [Fact]
    public async Task A_step_of_a_request_is_told_as_one_of_a_late_delivery_is_and_only_once_also_by_rows_that_were_made_again()
    {
        await using var listener = await Listener.OpenAsync(503, 202);
        await using var house = await RequestHouse.OpenAsync(
            levels =>
            {
                levels.Calls = [Options(listener, call => call.Steps = ["request-duty-desk", "request-operator"])];
                levels.CallAgainWithin = TimeSpan.FromMilliseconds(50);
            },
            "DE-DUTY");
        var request = await house.AskAsync();
        using var recipient = await Delivering.Attending.OpenAsync(house.House, "DE");
        await house.TakeOverAsync(recipient, request);

        await house.AheadAsync(9.5);
        await house.AheadAsync(1.5);
        await house.House.UntilRecordedAsync("request.escalation-called.v1");
        await house.House.Node.Services.GetRequiredService<ReadModels>().Find("requests")!.RebuildAsync(Cancel);
        await house.AheadAsync(5);
        await house.House.UntilRecordedAsync("request.escalation-called.v1", 2);

        Assert.Equal(["request-duty-desk", "request-duty-desk", "request-operator"], listener.Told.Select(call => Text(call, "step")));
        var (first, steps) = (listener.Told.First(), await house.House.ReadAsync(MessageBackbone.EventLog.StreamId.Request(house.House.IdOf(request), "DE")));
        var desk = steps.First(step => step.Type == "request.overdue.v1");
        Assert.Equal((desk.EventId.ToString("D"), house.House.IdOf(request), "DE", "DE-DUTY", "REQUEST_OVERDUE", "hit-urgent"), (
            first.Key, Text(first, "message_id"), Text(first, "recipient"), Text(first, "to"), Text(first, "reason"), Text(first, "deadline_class")));
        Assert.Equal(
            ((RequestOverdue)Domain.EventTypes.Parse(desk.Type, desk.Data)).DueAt.ToDateTimeOffset(), first.Body.GetProperty("answer_due_at").GetDateTimeOffset());
        Assert.Equal(
            [(desk.EventId.ToString("D"), true, "202", 2u), (listener.Told.Last().Key, true, "202", 1u)],
            (await house.EventsAsync(request)).OfType<RequestCalled>().Select(end => (end.EventId, end.Accepted, end.Outcome, end.Attempts)));
    }

    [Fact]
    public async Task A_call_that_fails_is_made_again_under_the_same_key_until_it_is_accepted()
    {
        await using var listener = await Listener.OpenAsync(500, 302, 200);
        await using var house = await OpenAsync(listener);
        await house.SubmitAsync(Precedence.Flash);

        house.Clock.Advance(TimeSpan.FromMinutes(10));
        await house.UntilRecordedAsync(CallEnded);

        Assert.Equal(3, listener.Told.Count);
        Assert.Single(listener.Told.Select(call => call.Key).Distinct());
        // Nothing follows a redirection: the three calls went to the one address.
        Assert.All(listener.Told, call => Assert.Equal("/escalations", call.Path));
    }

    [Fact]
    public async Task A_listener_that_hangs_holds_up_neither_the_steps_nor_another_listener()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var hanging = await Listener.OpenAsync(async (_, context) =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var other = await Listener.OpenAsync(200);
        await using var house = await LateHouse.OpenAsync(
            levels =>
            {
                levels.Calls = [Options(hanging, call => call.Steps = ["duty-desk"]), Options(other, call => call.Steps = ["alternate", "sender", "operator"])];
                levels.CallTimeout = TimeSpan.FromSeconds(1);
            },
            "FR", "DE");
        var message = await house.SubmitAsync(Precedence.Flash);

        house.Clock.Advance(TimeSpan.FromMinutes(30));
        await house.UntilRecordedAsync(CallEnded, 3);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.Equal(4, (await house.StepsAsync(message)).Count);

        // Over its time it is given up, and that is recorded as well.
        house.Clock.Advance(TimeSpan.FromHours(2));
        await house.UntilRecordedAsync(CallEnded, 4);
        var given = (await house.EventsAsync(message)).OfType<EscalationCalled>().Single(e => e.Step == EscalationStep.DutyDesk);
        Assert.Equal((false, "timeout"), (given.Accepted, given.Outcome));
    }

    [Theory]
    [InlineData(false, "127.0.0.1")]
    [InlineData(true, "elsewhere.example")]
    public async Task A_listener_with_the_wrong_certificate_is_told_nothing(bool ownAuthority, string name)
    {
        await using var other = await Listener.OpenAsync(200);
        await using var listener = await Listener.OpenAsync((_, _) => Task.CompletedTask, name);
        await using var house = await OpenAsync(listener, call => call.CaFile = ownAuthority ? listener.CaFile : other.CaFile);
        var message = await house.SubmitAsync(Precedence.Flash);
        house.Clock.Advance(TimeSpan.FromMinutes(30));
        await house.UntilRecordedAsync(StepTaken, 4);

        house.Clock.Advance(TimeSpan.FromHours(2));
        await house.UntilRecordedAsync(CallEnded, 4);

        Assert.Empty(listener.Told);
        Assert.All((await house.EventsAsync(message)).OfType<EscalationCalled>(), end => Assert.Equal((false, "tls"), (end.Accepted, end.Outcome)));
    }

    [Fact]
    public async Task A_call_that_was_owed_when_the_node_ended_is_made_after_its_start_and_one_that_was_accepted_is_not()
    {
        var away = true;
        await using var listener = await Listener.OpenAsync((_, context) =>
        {
            context.Response.StatusCode = Volatile.Read(ref away) ? 503 : 200;
            return Task.CompletedTask;
        });
        await using var house = await OpenAsync(listener);
        await house.SubmitAsync(Precedence.Flash);
        house.Clock.Advance(TimeSpan.FromMinutes(10));
        await Eventually.TrueAsync("it was called", () => !listener.Told.IsEmpty);
        Assert.Single(await house.Clocks().OwedCallsAsync([EscalationStep.DutyDesk], [], house.Clock.GetUtcNow(), 1, Cancel));
        // Rows that are made again years later call nobody for what is long past.
        Assert.Empty(await house.Clocks().OwedCallsAsync([EscalationStep.DutyDesk], [], house.Clock.GetUtcNow().AddDays(3), 1, Cancel));
        await house.StopAsync();
        Volatile.Write(ref away, false);
        await house.RestartAsync();
        await house.UntilRecordedAsync(CallEnded);
        var told = listener.Told.Count;

        await house.Node.Services.GetRequiredService<ReadModels>().Find("clocks")!.RebuildAsync(Cancel);
        await house.RestartAsync();
        await house.UntilQuietAsync();
        await Eventually.TrueAsync("no call is owed", async () =>
            (await house.Clocks().OwedCallsAsync([EscalationStep.DutyDesk], [], house.Clock.GetUtcNow(), 1, Cancel)).Count == 0);

        Assert.Equal(told, listener.Told.Count);
        Assert.Equal(1, await house.CountAsync(CallEnded));
    }

    [Theory]
    [InlineData("http://desk.example/", "duty-desk", "DE", "Url is an address like https")]
    [InlineData("https://user@desk.example/", "duty-desk", "DE", "without a user")]
    [InlineData("https://desk.example/", "desk", "DE", "Steps are of duty-desk")]
    [InlineData("https://desk.example/", "sender", "de", "Bureaus are bureau codes")]
    [InlineData("https://desk.example/", "sender", "DE", "CaFile is a PEM file")]
    public void A_call_that_cannot_be_made_is_refused_at_start(string url, string step, string bureau, string text)
    {
        var options = new EscalationOptions { Calls = [new CallOptions { Url = url, Steps = [step], Bureaus = [bureau] }] };
        Assert.Contains(text, Assert.Single(Problems(options)), StringComparison.Ordinal);
    }

    [Fact]
    public void Levels_desks_and_overlapping_calls_are_refused_at_start_with_what_to_write()
    {
        var ca = Path.GetTempFileName();
        Assert.Empty(Problems(new EscalationOptions()));
        Assert.StartsWith("Escalation:Flash: Within", Assert.Single(Problems(new EscalationOptions { Flash = new LevelOptions() })), StringComparison.Ordinal);
        Assert.Contains("go up", Assert.Single(Problems(new EscalationOptions
        {
            Routine = new LevelOptions { Within = TimeSpan.FromHours(1), SenderAfter = TimeSpan.FromMinutes(1) },
        })), StringComparison.Ordinal);
        Assert.Contains("DE: DE-DUTY", Assert.Single(Problems(new EscalationOptions { DutyDesks = { ["DE"] = "duty" } })), StringComparison.Ordinal);
        CallOptions Call(params string[] bureaus) => new() { Url = "https://desk.example/", CaFile = ca, Bureaus = bureaus };
        Assert.Empty(Problems(new EscalationOptions { Calls = [Call("DE"), Call("FR")] }));
        Assert.Contains("one listener only", Assert.Single(Problems(new EscalationOptions { Calls = [Call("DE"), Call()] })), StringComparison.Ordinal);
        CallOptions For(params string[] steps) => new() { Url = "https://desk.example/", CaFile = ca, Steps = steps };
        Assert.Empty(Problems(new EscalationOptions { Calls = [For("operator"), For("request-operator")] }));
        Assert.Contains("one listener only", Assert.Single(Problems(new EscalationOptions { Calls = [For("request-reminder"), For()] })), StringComparison.Ordinal);
        File.Delete(ca);
    }

    private static Task<House> OpenAsync(Listener listener, Action<CallOptions>? change = null) => LateHouse.OpenAsync(
        levels =>
        {
            levels.Calls = [Options(listener, change)];
            levels.CallAgainWithin = TimeSpan.FromMilliseconds(50);
        },
        "FR", "DE");

    private static CallOptions Options(Listener listener, Action<CallOptions>? change)
    {
        var options = new CallOptions
        {
            Url = listener.Url,
            CaFile = listener.CaFile,
            ClientCertificate = listener.ClientCertificate,
            ClientKey = listener.ClientKey,
        };
        change?.Invoke(options);
        return options;
    }

    private static string? Text(Listener.Call call, string name) => call.Body.GetProperty(name).GetString();

    private static List<string?> Problems(EscalationOptions options)
    {
        var problems = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true);
        return [.. problems.Select(problem => problem.ErrorMessage)];
    }
}
