using System.Text.Json;
using MessageBackbone.Cli.Exchanging;

namespace MessageBackbone.Cli.Tests.Exchanging;

/// <summary>A request, its clock and its answer, as officers type and read them.</summary>
public sealed class RequestTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>
{
    private static readonly DateTimeOffset _noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Both_sides_see_until_when_the_answer_is_due_that_a_question_stops_the_clock_and_when_it_was_answered()
    {
        var id = await house.SendAsync("FR", "DE", "--kind", "request", "--deadline-class", "sirene", "--text", "Who is it?");
        Assert.Contains("Answer of DE, sirene: due ", await UntilAsync("in 11 h 59 min", "track", id, "--as", "FR"), StringComparison.Ordinal);
        Assert.Contains("in 11 h 59 min", await UntilAsync(id, "inbox", "owed", "--as", "DE"), StringComparison.Ordinal);
        Assert.Contains("Next: backbone inbox owed --as DE", (await house.SucceedAsync("inbox", "--as", "DE")).Error, StringComparison.Ordinal);
        var opened = (await house.SucceedAsync("inbox", "open", id, "--as", "DE")).Output;
        Assert.Contains("sirene: due ", opened, StringComparison.Ordinal);

        var question = await house.SendAsync("DE", "FR", "--kind", "clarification", "--reply-to", id, "--text", "Which one?");
        Assert.Contains($"question {question} is open", await UntilAsync("the clock stands since", "track", id, "--as", "DE"), StringComparison.Ordinal);
        await house.SendAsync("FR", "DE", "--kind", "clarification.answer", "--reply-to", question, "--text", "The first.");
        await UntilAsync("in 11 h 59 min", "track", id, "--as", "FR");
        var answer = await house.SendAsync("DE", "FR", "--kind", "answer", "--reply-to", id, "--text", "It is he.");

        Assert.Contains($"in time, after less than a minute of 12 h ({answer})", await UntilAsync("answered", "track", id, "--as", "FR"), StringComparison.Ordinal);
        Assert.Contains("No answer is owed.", (await house.SucceedAsync("inbox", "owed", "--as", "DE")).Output, StringComparison.Ordinal);
        var request = JsonDocument.Parse((await house.SucceedAsync("track", id, "--as", "FR", "--json")).Output).RootElement
            .GetProperty("tracking").GetProperty("recipients")[0].GetProperty("request");
        Assert.Equal((43200.0, "closed"), (request.GetProperty("allowed_seconds").GetDouble(), request.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task A_class_without_a_request_is_refused_with_what_to_do()
    {
        var run = await house.RunAsync("send", "--as", "FR", "--to", "DE", "--deadline-class", "sirene", "--text", "x", "--wait");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Only a message of kind request has a deadline class", run.Output + run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("running", -190, "sirene: OVERDUE since 2026-11-26 08:50:00Z, 3 h 10 min ago")]
    [InlineData("overdue", -1, "sirene: OVERDUE since 2026-11-26 11:59:00Z, 1 min ago")]
    [InlineData("running", 1500, "sirene: due 2026-11-27 13:00:00Z, in 1 d 1 h")]
    [InlineData("waiting", 0, "sirene: the clock starts with the delivery")]
    public void A_clock_is_told_in_words(string state, int dueInMinutes, string words) =>
        Assert.Equal(words, new RequestClockFacts("sirene", state, DueAt: _noon.AddMinutes(dueInMinutes)).Told(_noon));

    [Fact]
    public void A_late_answer_is_told_to_be_late() => Assert.Equal(
        "sirene: answered 2026-11-26 12:00:00Z, LATE, after 13 h of 12 h (x)",
        new RequestClockFacts("sirene", "closed", 43200, 46800, _noon.AddHours(-13), ClosedAt: _noon, ClosedBy: "x", Reason: "ANSWERED", Late: true).Told(_noon));

    // The node records what moves a clock within a second.
    private async Task<string> UntilAsync(string expected, params string[] command)
    {
        for (var tries = 0; ; tries++)
        {
            var output = (await house.SucceedAsync(command)).Output;
            if (output.Contains(expected, StringComparison.Ordinal)) return output;
            Assert.True(tries < 100, $"No '{expected}' in: {output}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        }
    }
}
