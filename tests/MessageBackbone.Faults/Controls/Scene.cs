using System.Text.Json;
using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Judging;
using MessageBackbone.Faults.Loading;
using MessageBackbone.Faults.Programs;
using MessageBackbone.Faults.Scheduling;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Faults.Controls;

/// <summary>A house for one control run or test: FR sends, DE receives, and each step waits until the one before has come about.</summary>
internal sealed class Scene(House house, Journal journal, TextWriter output, TimeProvider clock, Play play, CancellationToken cancellationToken)
{
    public const string Sender = "FR", Recipient = "DE", Raw = "GB";

    private readonly Load _load = new(house, journal, 1, clock);

    public House House => house;

    /// <summary>The protection is there.</summary>
    public bool IsProtected => play == Play.Protected;

    public Breaking Breaking { get; } = new(house, output, clock);

    public CancellationToken Cancel => cancellationToken;

    /// <summary>GB sends without a gateway: only where the control says so.</summary>
    public RawSender OpenRaw() => new(house, journal, Raw, 1);

    public Task BreakAsync(FaultKind kind, string on, TimeSpan time = default, string detail = "") =>
        Breaking.PlayAsync(new Fault(TimeSpan.Zero, kind, on, time, detail), cancellationToken);

    /// <summary>FR's gateway takes so many messages for DE.</summary>
    public async Task SendAsync(int count, string precedence = "priority")
    {
        for (var i = 0; i < count; i++)
            if ((await _load.SendAsync(Sender, [Recipient], precedence)).Taken != true)
                throw new InvalidOperationException("FR's gateway took nothing.");
    }

    /// <summary>The node has answered for everything that FR sent.</summary>
    public Task AnsweredAsync() =>
        Waiting.UntilAsync("FR's outbox is empty", async () => (await house[Sender].StatusAsync(cancellationToken)).Waiting == 0, cancellationToken);

    /// <summary>DE's inbox shows so many.</summary>
    public Task ShownAsync(int count) =>
        Waiting.UntilAsync($"DE is shown {count}", async () => (await house[Recipient].StatusAsync(cancellationToken)).Messages >= count, cancellationToken);

    /// <summary>A part writes what it answered for too early.</summary>
    public Task WriteHeldAsync(string part) => house.Part(part).OrderAsync(Orders.Write, cancellationToken);

    /// <summary>The node attends DE's gateway, or does so no more and has taken everything of its lanes back.</summary>
    public Task AttendedAsync(bool attended) => Waiting.UntilAsync($"{Recipient} attends: {attended}", async () =>
        (await StatusAsync()).GetProperty("attending").EnumerateArray().Any(bureau => bureau.GetString() == Recipient) == attended, cancellationToken);

    /// <summary>The node says this of its broker.</summary>
    public Task BrokerIsAsync(string state) => Waiting.UntilAsync($"the broker is: {state}", async () =>
        (await StatusAsync()).GetProperty("transport_state").GetString()!.Contains(state, StringComparison.Ordinal), cancellationToken);

    /// <summary>The log says that DE has everything.</summary>
    public Task DeliveredAsync() => Waiting.UntilAsync("everything is delivered", async () =>
    {
        foreach (var queued in await house[Sender].OutboxAsync(cancellationToken))
            if (await house[Sender].TrackAsync(queued.MessageId, cancellationToken) is not { } tracked || tracked.Any(one => one.State != "delivered"))
                return false;
        return true;
    }, cancellationToken);

    /// <summary>Until <see cref="MendAsync"/> each such write fails.</summary>
    /// <param name="write">Like "insert on inbox".</param>
    public Task RefuseAsync(string part, string file, string write) =>
        ExecuteAsync(part, file, $"create trigger fault before {write} begin select raise(abort, 'The disk gives an error.'); end");

    public Task MendAsync(string part, string file) => ExecuteAsync(part, file, "drop trigger fault");

    /// <summary>A part's log says so.</summary>
    public Task LoggedAsync(string part, string text) =>
        Waiting.UntilAsync($"{part} logs: {text}", () => Task.FromResult(house.ReadLog(part).Contains(text, StringComparison.Ordinal)), cancellationToken);

    /// <summary>Until it is disposed of, nobody can write to a database of a part.</summary>
    public async Task<IAsyncDisposable> LockAsync(string part, string file)
    {
        var database = await OpenAsync(house.Database(part, file));
        await using var command = Command(database, "begin immediate");
        await command.ExecuteNonQueryAsync(cancellationToken);
        return database;
    }

    /// <summary>So many rows of the plan are like that.</summary>
    public Task RowsAsync(long count, string where) => Waiting.UntilAsync(
        $"{count} rows: {where}", async () => await AskPlanAsync($"select count(*) from row where {where}") is long found && found == count, cancellationToken);

    /// <summary>The one value that a query of the node's plan answers with.</summary>
    public async Task<object?> AskPlanAsync(string query)
    {
        await using var database = await OpenAsync(house.Database(NodeProgram.Name, "plan.db"));
        await using var command = Command(database, query);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>How often each open delivery to a bureau was presented, by its number.</summary>
    public async Task<Dictionary<long, long>> AttemptsAsync()
    {
        var attempts = new Dictionary<long, long>();
        await using var database = await OpenAsync(house.Database(NodeProgram.Name, "plan.db"));
        await using var command = Command(database, $"select sequence, attempts from row where recipient = '{Recipient}'");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) attempts[reader.GetInt64(0)] = reader.GetInt64(1);
        return attempts;
    }

    private async Task<JsonElement> StatusAsync()
    {
        using var status = JsonDocument.Parse(await house.CommandAsync("ops", "status", "--json"));
        return status.RootElement.Clone();
    }

    /// <summary>Changes a database of a part from outside.</summary>
    public async Task ExecuteAsync(string part, string file, string sql)
    {
        await using var database = await OpenAsync(house.Database(part, file));
        await using var command = Command(database, sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<SqliteConnection> OpenAsync(string file)
    {
        var database = new SqliteConnection($"Data Source={file};Pooling=False;Default Timeout=30");
        await database.OpenAsync(cancellationToken);
        return database;
    }

    private static SqliteCommand Command(SqliteConnection database, string sql)
    {
        var command = database.CreateCommand();
#pragma warning disable CA2100 // the texts are the scenes' own
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }
}
