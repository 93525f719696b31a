using System.Net;
using System.Text.Json;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Operations;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Tests.Projecting;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Operations;

public sealed class OperationsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_board_is_sent_again_when_a_delivery_or_the_attendance_changes_and_not_otherwise()
    {
        await using var log = await ProjectedLog.OpenAsync();
        await using var room = await Room.OpenAsync(log);
        var id = ProjectedLog.NewId();
        await log.AcceptAsync(id, "FR", Precedence.Flash, "DE");
        await room.Models.CatchUpAsync(Cancel);
        await using var boards = room.Board.WatchAsync(Cancel).GetAsyncEnumerator(Cancel);

        Assert.True(await boards.MoveNextAsync());
        Assert.Equal((1ul, false), (boards.Current.Rows.Single().Waiting, boards.Current.Rows.Single().Attended));
        var next = boards.MoveNextAsync().AsTask();
        await log.AppendRawAsync(StreamId.Security, "security.refused.v1", []);
        await room.Models.CatchUpAsync(Cancel);
        await log.DeliverAsync(id, "DE");
        Assert.True(await next);
        Assert.Equal((0ul, 1ul), (boards.Current.Rows.Single().Waiting, boards.Current.Rows.Single().Delivered));
        next = boards.MoveNextAsync().AsTask();
        room.Attend("DE");
        Assert.True(await next);
        Assert.True(boards.Current.Rows.Single().Attended);
    }

    [Fact]
    public async Task The_oldest_undelivered_is_measured_by_bureau_and_precedence()
    {
        await using var log = await ProjectedLog.OpenAsync();
        await using var room = await Room.OpenAsync(log);
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Flash, "DE");
        await room.Models.CatchUpAsync(Cancel);

        var oldest = Assert.Single(room.Board.Oldest());

        Assert.Equal(("DE", Precedence.Flash), (oldest.Bureau, oldest.Precedence));
    }

    [Fact]
    public async Task A_node_that_drains_is_not_ready_and_says_so()
    {
        await using var log = await ProjectedLog.OpenAsync();
        await using var room = await Room.OpenAsync(log);
        await room.Models.CatchUpAsync(Cancel);

        room.Drain.Close(TimeSpan.FromSeconds(30));

        var report = await room.Ready.CheckAsync(Cancel);
        Assert.False(report.Ready);
        Assert.Equal("draining", Assert.Single(report.Checks, check => !check.Ok).State);
        room.Drain.Open();
        Assert.True((await room.Ready.CheckAsync(Cancel)).Ready);
    }

    [Fact]
    public async Task A_node_with_everything_in_place_is_ready_and_looking_records_nothing()
    {
        await using var log = await ProjectedLog.OpenAsync();
        await using var room = await Room.OpenAsync(log);
        await room.Models.CatchUpAsync(Cancel);

        var report = await room.Ready.CheckAsync(Cancel);

        Assert.True(report.Ready, string.Join(", ", report.Checks.Where(c => !c.Ok)));
        Assert.Equal(LogPosition.Start, await log.Log.EndAsync(Cancel));
    }

    [Fact]
    public async Task Broker_disk_follower_and_log_each_keep_a_node_from_being_ready()
    {
        await using var log = await ProjectedLog.OpenAsync();
        await using var room = await Room.OpenAsync(log);

        async Task<string> Missing() => string.Join(' ', (await room.Ready.CheckAsync(Cancel)).Checks.Where(c => !c.Ok).Select(c => c.Name));

        room.TransportState = "connection refused";
        Assert.Equal("transport", await Missing());
        room.TransportState = Surroundings.Connected;
        room.FreeBytes = 1;
        Assert.Equal("disk", await Missing());
        room.FreeBytes = long.MaxValue;
        await room.Models.Board.DisposeAsync();
        Assert.Equal("board", await Missing());
        await log.Log.DisposeAsync();
        Assert.StartsWith("log ", await Missing(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_follower_that_is_too_far_behind_keeps_a_node_from_being_ready()
    {
        await using var log = await ProjectedLog.OpenAsync();
        await using var room = await Room.OpenAsync(log);
        room.Behind = LogPosition.Start;
        for (var i = 0; i < 12; i++) await log.AppendRawAsync(StreamId.Security, "security.refused.v1", []);
        await room.Models.CatchUpAsync(Cancel);

        var check = (await room.Ready.CheckAsync(Cancel)).Checks.Single(c => c.Name == "plan");

        Assert.Equal((false, "12 behind"), (check.Ok, check.State));
    }

    [Fact]
    public async Task The_health_pages_answer_a_supervisor_without_a_certificate_and_serve_nothing_else()
    {
        await using var log = await ProjectedLog.OpenAsync();
        await using var room = await Room.OpenAsync(log);
        await using var pages = new HealthPages(room.Ready, new OperationsOptions { HealthListen = "127.0.0.1:0" }, NullLoggerFactory.Instance);
        await pages.StartAsync(Cancel);
        using var client = new HttpClient { BaseAddress = pages.Address };

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/ready", Cancel)).StatusCode);
        room.TransportState = "connection refused";
        var notReady = await client.GetAsync("/health/ready", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, notReady.StatusCode);
        using var json = JsonDocument.Parse(await notReady.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("in-memory: connection refused", json.RootElement.GetProperty("checks").EnumerateArray()
            .Single(c => c.GetProperty("name").GetString() == "transport").GetProperty("state").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.PostAsync("/health/ready", null, Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("0.0.0.0:7481")]
    [InlineData("somewhere")]
    public void Health_pages_listen_on_loopback_only(string address)
    {
        var options = new OperationsOptions { HealthListen = address };
        var problems = new List<System.ComponentModel.DataAnnotations.ValidationResult>();
        Assert.False(System.ComponentModel.DataAnnotations.Validator.TryValidateObject(options, new(options), problems, validateAllProperties: true));
    }

    private sealed class Room : IAsyncDisposable
    {
        private readonly HashSet<string> _attending = [];
        private TaskCompletionSource _attendance = new();

        private Room(ProjectedLog log)
        {
            Models = new(log.Log, log.Options, TimeProvider.System, NullLogger<ReadModels>.Instance);
            var options = new OperationsOptions { ReadyLag = 10, BoardInterval = TimeSpan.FromMilliseconds(20) };
            var surroundings = new Surroundings(DateTimeOffset.UnixEpoch, () => "in-memory", () => TransportState, () => [.. _attending], () => _attendance.Task);
            Board = new(Models, surroundings, options, TimeProvider.System);
            IFollower[] followers = [.. Models.All, new ObservedFollower("plan", () => Behind, () => FollowerState.Running)];
            Ready = new(log.Log, followers, surroundings, Drain, options, new ReadinessDisk(() => FreeBytes), TimeProvider.System);
        }

        public ReadModels Models { get; }

        public BoardView Board { get; }

        public Readiness Ready { get; }

        public DrainGate Drain { get; } = new();

        public string TransportState { get; set; } = Surroundings.Connected;

        public long FreeBytes { get; set; } = long.MaxValue;

        public LogPosition Behind { get; set; } = new(ulong.MaxValue);

        public static async Task<Room> OpenAsync(ProjectedLog log)
        {
            var room = new Room(log);
            await room.Models.StartAsync(Cancel);
            await room.Models.CatchUpAsync(Cancel);
            return room;
        }

        public void Attend(string bureau)
        {
            _attending.Add(bureau);
            Interlocked.Exchange(ref _attendance, new TaskCompletionSource()).SetResult();
        }

        public ValueTask DisposeAsync() => Models.DisposeAsync();
    }
}
