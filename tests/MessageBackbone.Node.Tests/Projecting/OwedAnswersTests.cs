using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Requests;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Projecting;

public sealed class OwedAnswersTests
{
    private static readonly DateTimeOffset Start = ProjectedLog.Start;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_due_soonest_comes_first_and_what_has_no_time_last()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var requests = new RequestQueries(await log.FollowAsync(RequestRows.Projection));
        await StartAsync(log, Id(1), "FR", "DE", hours: 5);
        await StartAsync(log, Id(2), "FR", "ES", hours: 2, exercise: true);
        await StartAsync(log, Id(3), "AT", "DE", hours: 3);
        await AskAsync(log, Id(4), "FR", "DE");
        await requests.Rows.CatchUpAsync(Cancel);

        Assert.Equal([Id(2), Id(3), Id(1), Id(4)], await OwedAsync(requests, null, null));
        Assert.Equal([Id(3), Id(1), Id(4)], await OwedAsync(requests, "DE", null));
        Assert.Equal([Id(2), Id(1), Id(4)], await OwedAsync(requests, null, "FR"));
        Assert.Equal([Id(1), Id(4)], await OwedAsync(requests, "DE", "FR"));
        Assert.Empty(await OwedAsync(requests, "GB", null));
        var first = (await requests.OwedAsync(null, null, false, "", 1, Cancel))[0];
        Assert.Equal(new OwedAnswer(Id(2), "ES", "FR", "art10", Precedence.Routine, Start, Start.AddHours(2), false, "", RequestStep.Unspecified, false, true), first);
        Assert.Equal([Id(1), Id(3)], (await requests.OwedInAsync([Id(1), "nothing", Id(3)], Cancel)).Select(answer => answer.MessageId));
    }

    [Fact]
    public async Task A_clock_that_stands_names_the_question_and_one_that_ended_owes_nothing()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var requests = new RequestQueries(await log.FollowAsync(RequestRows.Projection));
        await StartAsync(log, Id(1), "FR", "DE", hours: 5);
        var question = ProjectedLog.Accepted(Id(2), "DE", Precedence.Routine, Start.AddHours(1), "FR");
        (question.Content.Kind, question.Content.InReplyTo) = (RequestKinds.Clarification, Id(1));
        await log.AppendAsync(StreamId.Message(Id(2)), question);
        await log.AppendAsync(
            new StreamId($"request-{Id(1)}-DE"), new RequestPaused { MessageId = Id(1), Recipient = "DE", Turn = 2, By = Id(2), At = Start.AddHours(1).ToTimestamp() });
        await requests.Rows.CatchUpAsync(Cancel);

        var owed = Assert.Single(await requests.OwedAsync("DE", null, false, "", 10, Cancel));
        Assert.Equal((true, Id(2), default(DateTimeOffset?)), (owed.Paused, owed.PausedBy, owed.DueAt));

        var answer = ProjectedLog.Accepted(Id(3), "DE", Precedence.Routine, Start.AddHours(2), "FR");
        (answer.Content.Kind, answer.Content.InReplyTo) = (RequestKinds.Answer, Id(1));
        await log.AppendAsync(StreamId.Message(Id(3)), answer);
        await requests.Rows.CatchUpAsync(Cancel);
        Assert.Empty(await requests.OwedAsync("DE", null, false, "", 10, Cancel));
        Assert.Empty(await requests.OwedInAsync([Id(1)], Cancel));
    }

    [Fact]
    public async Task What_is_overdue_is_what_the_gauge_counts()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var requests = new RequestQueries(await log.FollowAsync(RequestRows.Projection));
        for (var i = 1; i <= 6; i++)
        {
            await StartAsync(log, Id(i), "FR", i % 2 == 0 ? "DE" : "ES", hours: i, exercise: i == 4);
            if (i > 3)
                await log.AppendAsync(
                    new StreamId($"request-{Id(i)}-{(i % 2 == 0 ? "DE" : "ES")}"),
                    new RequestOverdue { MessageId = Id(i), Recipient = i % 2 == 0 ? "DE" : "ES", Step = RequestStep.DutyDesk, At = Start.AddHours(9).ToTimestamp() });
        }

        await requests.Rows.CatchUpAsync(Cancel);

        Assert.Equal([("DE", 2ul, 1ul), ("ES", 1ul, 0ul)], requests.Overdue().OrderBy(row => row.Bureau));
        foreach (var (bureau, count, _) in requests.Overdue())
            Assert.Equal((int)count, (await requests.OwedAsync(bureau, null, true, "", 10, Cancel)).Count(answer => answer.Overdue));
    }

    private static async Task<List<string>> OwedAsync(RequestQueries requests, string? debtor, string? requester)
    {
        var (ids, after) = (new List<string>(), "");
        while (await requests.OwedAsync(debtor, requester, false, after, 1, Cancel) is [var answer])
        {
            ids.Add(answer.MessageId);
            after = answer.Place;
        }

        return ids;
    }

    private static Task<LogPosition> AskAsync(ProjectedLog log, string id, string from, string to, bool exercise = false)
    {
        var accepted = ProjectedLog.Accepted(id, from, Precedence.Routine, Start, to);
        (accepted.Content.Kind, accepted.Content.DeadlineClass, accepted.Content.Exercise) = (RequestKinds.Request, "art10", exercise);
        return log.AppendAsync(StreamId.Message(id), accepted);
    }

    private static async Task StartAsync(ProjectedLog log, string id, string from, string to, int hours, bool exercise = false)
    {
        await AskAsync(log, id, from, to, exercise);
        await log.DeliverAsync(id, to);
        await log.AppendAsync(new StreamId($"request-{id}-{to}"), new RequestStarted
        {
            MessageId = id,
            Recipient = to,
            Requester = from,
            DeadlineClass = "art10",
            Allowed = TimeSpan.FromHours(hours).ToDuration(),
            Turn = 1,
            StartedAt = Start.ToTimestamp(),
            DueAt = Start.AddHours(hours).ToTimestamp(),
        });
    }

    private static string Id(int number) => $"00000000-0000-7000-8000-{number:D12}";
}
