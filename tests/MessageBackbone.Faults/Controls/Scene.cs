using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Judging;
using MessageBackbone.Faults.Loading;
using MessageBackbone.Faults.Programs;
using MessageBackbone.Faults.Scheduling;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Faults.Controls;

/// <summary>A house for one control run or test: FR sends, DE receives, and each step waits until the one before has come about.</summary>
internal sealed class Scene(House house, Journal journal, TextWriter output, TimeProvider clock, CancellationToken cancellationToken)
{
    public const string Sender = "FR", Recipient = "DE";

    private readonly Load _load = new(house, journal, 1, clock);

    public House House => house;

    public Breaking Breaking { get; } = new(house, output, clock);

    public CancellationToken Cancel => cancellationToken;

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

    /// <summary>The one value that a query of the node's plan answers with.</summary>
    public async Task<object?> AskPlanAsync(string query)
    {
        await using var database = await OpenAsync(house.Database(NodeProgram.Name, "plan.db"));
        await using var command = Command(database, query);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private async Task ExecuteAsync(string part, string file, string sql)
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
