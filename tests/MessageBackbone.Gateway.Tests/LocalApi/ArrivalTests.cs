using System.Text.Json;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.LocalApi;

public sealed class ArrivalTests
{
    private static MessageId NewId() => MessageId.New(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task What_comes_while_somebody_waits_is_answered_at_once()
    {
        await using var api = await LoneLocalApi.StartAsync();
        var before = NewId();
        await api.ArriveAsync(before);
        var start = After(await api.GetAsync("/inbox/arrivals"));
        var id = NewId();

        var waiting = api.GetAsync($"/inbox/arrivals?after={start}&wait=60");
        await api.ArriveAsync(id);
        var answer = await waiting.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal([id.Value], Ids(answer));
        Assert.Empty(Ids(await api.GetAsync($"/inbox/arrivals?after={After(answer)}&wait=0")));
    }

    [Fact]
    public async Task Nothing_is_left_out_between_two_answers_and_nothing_told_twice()
    {
        await using var api = await LoneLocalApi.StartAsync();
        var ids = Enumerable.Range(0, 30).Select(_ => NewId()).ToList();

        var arriving = Task.Run(
            async () =>
            {
                foreach (var id in ids) await api.ArriveAsync(id);
            },
            TestContext.Current.CancellationToken);
        var told = new List<string>();
        var after = 0L;
        while (told.Count < ids.Count)
        {
            var answer = await api.GetAsync($"/inbox/arrivals?after={after}&wait=30&limit=3");
            Assert.NotEmpty(Ids(answer));
            told.AddRange(Ids(answer));
            after = After(answer);
        }
        await arriving;

        Assert.Equal(ids.Select(id => id.Value), told);
    }

    [Fact]
    public async Task What_does_not_fit_the_filter_or_is_not_shown_ends_no_waiting()
    {
        await using var api = await LoneLocalApi.StartAsync();
        var fits = NewId();

        var waiting = api.GetAsync("/inbox/arrivals?after=0&wait=60&kind=alert.cap&precedence=flash&from=DE");
        await api.ArriveAsync(NewId(), "alert.cap", Precedence.Routine);
        await api.ArriveAsync(NewId(), "text", Precedence.Flash);
        await api.ArriveAsync(NewId(), "alert.cap", Precedence.Flash, DeliveryOutcome.Refused);
        await api.ArriveAsync(fits, "alert.cap", Precedence.Flash);

        Assert.Equal([fits.Value], Ids(await waiting.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task A_number_of_a_store_that_was_set_back_does_not_hide_what_comes()
    {
        await using var api = await LoneLocalApi.StartAsync();
        var id = NewId();

        var start = After(await api.GetAsync("/inbox/arrivals?after=1000&wait=0"));
        await api.ArriveAsync(id);

        Assert.Equal([id.Value], Ids(await api.GetAsync($"/inbox/arrivals?after={start}&wait=0")));
    }

    [Fact]
    public async Task At_most_a_quarter_of_all_requests_wait()
    {
        await using var api = await LoneLocalApi.StartAsync(localRequests: 4);
        const string Waiting = "/inbox/arrivals?after=0&wait=60";
        List<Task<(int Status, JsonElement Body)>> both = [api.GetAsync(Waiting), api.GetAsync(Waiting)];

        var first = await Task.WhenAny(both).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        both.Remove(first);
        var (status, problem) = await first;
        await api.ArriveAsync(NewId());

        Assert.Equal(503, status);
        Assert.Equal("BUSY", problem.GetProperty("reason").GetString());
        Assert.Single(Ids(await both[0].WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)));
        Assert.Equal(200, (await api.GetAsync("/inbox/arrivals?after=0&wait=60")).Status);
    }

    [Fact]
    public async Task An_arrival_that_is_being_told_while_somebody_stops_waiting_harms_nobody()
    {
        await using var api = await LoneLocalApi.StartAsync(localRequests: 4);
        using var ended = new ManualResetEventSlim();
        using var slow = api.Observe(_ => ended.Wait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        List<Task<(int Status, JsonElement Body)>> both = [api.GetAsync("/inbox/arrivals?after=0&wait=1"), api.GetAsync("/inbox/arrivals?after=0&wait=1")];
        both.Remove(await Task.WhenAny(both).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));

        var arriving = Task.Run(() => api.ArriveAsync(NewId()), TestContext.Current.CancellationToken);
        await both[0].WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        ended.Set();

        await arriving.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_gateway_that_stops_answers_those_who_wait()
    {
        await using var api = await LoneLocalApi.StartAsync(localRequests: 4);
        const string Waiting = "/inbox/arrivals?after=0&wait=60";
        List<Task<(int Status, JsonElement Body)>> both = [api.GetAsync(Waiting), api.GetAsync(Waiting)];
        // The one that was turned away shows that the other waits by now.
        both.Remove(await Task.WhenAny(both).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));

        await api.StopAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        var answer = await both[0];
        Assert.Equal(200, answer.Status);
        Assert.Empty(Ids(answer));
    }

    [Theory]
    [InlineData("after=0&wait=61", "wait")]
    [InlineData("after=0&wait=-1", "wait")]
    [InlineData("after=0&limit=0", "limit")]
    [InlineData("after=0&limit=201", "limit")]
    [InlineData("after=-1", "after")]
    [InlineData("after=0&from=de", "from")]
    [InlineData("after=0&kind=A", "kind")]
    [InlineData("after=0&precedence=later", "precedence")]
    public async Task What_cannot_be_asked_is_refused_with_its_field(string query, string field)
    {
        await using var api = await LoneLocalApi.StartAsync();

        var (status, problem) = await api.GetAsync($"/inbox/arrivals?{query}");

        Assert.Equal(400, status);
        Assert.Equal([field], problem.GetProperty("fields").EnumerateArray().Select(f => f.GetString()));
    }

    [Fact]
    public async Task The_description_names_it()
    {
        await using var api = await LoneLocalApi.StartAsync();

        var (_, description) = await api.GetAsync("/openapi/v1.json");

        var asked = description.GetProperty("paths").GetProperty("/inbox/arrivals").GetProperty("get");
        Assert.Equal(["after", "from", "kind", "limit", "precedence", "wait"],
            asked.GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()).Order());
        Assert.Contains("application/problem+json", asked.GetProperty("responses").GetProperty("503").ToString());
    }

    private static List<string> Ids((int Status, JsonElement Body) answer) =>
        [.. answer.Body.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("message_id").GetString()!)];

    private static long After((int Status, JsonElement Body) answer) => answer.Body.GetProperty("after").GetInt64();
}
