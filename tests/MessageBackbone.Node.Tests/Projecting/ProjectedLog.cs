using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Projecting;

/// <summary>A real log in a folder of its own, the events of messages, and followers over it.</summary>
internal sealed class ProjectedLog : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private readonly DirectoryInfo _folder;
    private readonly List<ProjectionFollower> _followers = [];

    private ProjectedLog(DirectoryInfo folder, SqliteEventLog log) => (_folder, Log) = (folder, log);

    public SqliteEventLog Log { get; private set; }

    public ProjectingOptions Options => new() { Folder = ReadModelFolder, RetryAfter = TimeSpan.FromMilliseconds(20) };

    public string ReadModelFolder => Path.Combine(_folder.FullName, "read-models");

    public static async Task<ProjectedLog> OpenAsync()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("projected-");
        System.IO.Directory.CreateDirectory(Path.Combine(folder.FullName, "read-models"));
        return new(folder, await OpenLogAsync(Path.Combine(folder.FullName, "log")));
    }

    public async Task<ProjectionFollower> FollowAsync(Projection projection)
    {
        var follower = new ProjectionFollower(projection, Log, Options, TimeProvider.System, NullLogger.Instance);
        _followers.Add(follower);
        await follower.StartAsync(Cancel);
        return follower;
    }

    /// <summary>Goes on with a log that another house would have: empty.</summary>
    public async Task ExchangeLogAsync()
    {
        await Log.DisposeAsync();
        Log = await OpenLogAsync(Path.Combine(_folder.FullName, "other-log"));
    }

    public Task<LogPosition> AppendAsync(StreamId stream, params IMessage[] events) => AppendAtAsync(Start, stream, events);

    /// <param name="at">When the node recorded it.</param>
    public async Task<LogPosition> AppendAtAsync(DateTimeOffset at, StreamId stream, params IMessage[] events)
    {
        var outcome = await Log.AppendAsync(stream, ExpectedRevision.Any, [.. events.Select(e => NewEvent(EventTypes.NameOf(e), e.ToByteArray(), at))], Cancel);
        return Assert.IsType<AppendOutcome.Appended>(outcome).Position;
    }

    public async Task<LogPosition> AppendRawAsync(StreamId stream, string type, byte[] data) =>
        Assert.IsType<AppendOutcome.Appended>(await Log.AppendAsync(stream, ExpectedRevision.Any, [NewEvent(type, data, Start)], Cancel)).Position;

    public Task<LogPosition> AcceptAsync(string id, string from, Precedence precedence, params string[] to) =>
        AppendAsync(StreamId.Message(id), Accepted(id, from, precedence, Start, to));

    public Task<LogPosition> DeliverAsync(string id, string recipient, uint attempt = 1, ulong sequence = 1) => AppendAsync(
        StreamId.Delivery(id, recipient),
        new Attempted { MessageId = id, Recipient = recipient, Attempt = attempt, Sequence = sequence, EndedBy = "receipt" },
        new Delivered { MessageId = id, Recipient = recipient, Receipt = ByteString.CopyFromUtf8($"delivered {recipient}"), At = Start.AddSeconds(2).ToTimestamp() });

    public Task<LogPosition> OpenAsync(string id, string recipient) => AppendAsync(
        StreamId.Delivery(id, recipient),
        new Opened { MessageId = id, Recipient = recipient, Receipt = ByteString.CopyFromUtf8($"opened {recipient}"), At = Start.AddSeconds(9).ToTimestamp() });

    public Task<LogPosition> RefuseAsync(string id, string recipient, string reason) => AppendAsync(
        StreamId.Delivery(id, recipient),
        new V1.Refused { MessageId = id, Recipient = recipient, Receipt = ByteString.CopyFromUtf8($"refused {recipient}"), Reason = reason, At = Start.ToTimestamp() });

    public static string NewId() => Guid.CreateVersion7(Start).ToString("D");

    public static Accepted Accepted(string id, string from, Precedence precedence, DateTimeOffset at, params string[] to) => new()
    {
        Content = new MessageHeader
        {
            MessageId = id,
            From = from,
            To = { to },
            Precedence = precedence,
            Kind = "text",
            Reference = "2026/17",
            CreatedAt = at.ToTimestamp(),
            Handling = new Handling { Classification = Classification.Restricted, Purpose = Purpose.Alert },
            BodyForm = BodyForm.Sealed,
        },
        AcceptedAt = at.ToTimestamp(),
        Node = "node",
        Recipients = { to },
    };

    /// <summary>Every row of every table, for comparing.</summary>
    public static async Task<string> DumpAsync(ProjectionFollower follower) => await follower.File.ReadAsync(
        session =>
        {
            var lines = new List<string>();
            foreach (var (name, columns) in session.Prepare(
                         "SELECT m.name, count(*) FROM sqlite_schema m, pragma_table_info(m.name) WHERE m.type = 'table' GROUP BY m.name ORDER BY m.name")
                         .All(row => (row.Text(0), (int)row.Number(1))))
                lines.AddRange(session.Prepare($"SELECT * FROM {name} ORDER BY {(columns > 2 ? "1, 2, 3" : "1, 2")}").All(
                    row => $"{name}: {string.Join('|', Enumerable.Range(0, columns).Select(c => row.IsNull(c) ? "null" : Convert.ToHexString(row.Bytes(c))))}"));
            return string.Join('\n', lines);
        },
        Cancel);

    public async ValueTask DisposeAsync()
    {
        foreach (var follower in _followers) await follower.DisposeAsync();
        await Log.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static NewEvent NewEvent(string type, byte[] data, DateTimeOffset at) =>
        new(Guid.CreateVersion7(at), type, data, ReadOnlyMemory<byte>.Empty, at);

    private static async Task<SqliteEventLog> OpenLogAsync(string folder) =>
        await SqliteEventLog.OpenAsync(new SqliteEventLogOptions { Folder = folder }, TimeProvider.System, NullLogger.Instance);
}
