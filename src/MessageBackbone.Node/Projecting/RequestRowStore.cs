using Google.Protobuf;
using MessageBackbone.Domain.Clocks;
using MessageBackbone.Domain.Requests;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>An answer that is owed, as a row has it.</summary>
/// <param name="Class">The deadline class.</param>
internal sealed record RequestRow(byte[] Message, string Bureau, string Requester, string Class, Precedence Precedence, bool Exercise)
{
    public string Copy { get; init; } = "";

    public RequestTalk Talk { get; init; } = RequestTalk.New;

    /// <summary>Null: the start of the clock is not recorded.</summary>
    public RequestStarted? Started { get; init; }

    public RunningClock? Clock { get; init; }

    public RequestStep Step { get; init; }

    /// <summary>When the answer is due; null: the clock did not start, or stands.</summary>
    public DateTimeOffset? DueAt => Started is { } started ? Clock?.Reaches(started.Allowed.ToTimeSpan()) : null;

    public DateTimeOffset? NextAt => Started is { } started && Clock is { } clock ? RequestTerms.Of(started).NextDue(clock, Step) : null;
}

/// <summary>Reads and writes the rows of <c>requests</c>, for their one writer.</summary>
internal sealed class RequestRowStore(ReadModelSession session)
{
    /// <summary>As <see cref="Read"/> reads them.</summary>
    public const string Columns = "message, bureau, requester, class, copy, stage, turns, questions, started, paused, paused_since, step, precedence, exercise";

    private static readonly string[] ByMessage = ["clock", "turn", "question", "reply"];

    private readonly Statement _find = session.Prepare($"SELECT {Columns} FROM clock WHERE message = ?1 AND bureau = ?2");
    private readonly Statement _of = session.Prepare($"SELECT {Columns} FROM clock WHERE message = ?1 ORDER BY bureau");
    private readonly Statement _put = session.Prepare("INSERT OR REPLACE INTO clock VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)");
    private readonly Statement[] _remove = [.. ByMessage.Select(table => session.Prepare($"DELETE FROM {table} WHERE message = ?1 AND bureau = ?2"))];
    private readonly Statement _owe = session.Prepare("INSERT INTO turn VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    private readonly Statement _turned = session.Prepare("DELETE FROM turn WHERE message = ?1 AND bureau = ?2 AND number <= ?3");
    private readonly Statement _asked = session.Prepare("INSERT INTO question VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
    private readonly Statement _question = session.Prepare("SELECT message, bureau FROM question WHERE id = ?1");
    private readonly Statement _replied = session.Prepare("INSERT INTO reply VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING");
    private readonly Statement _reply = session.Prepare("SELECT message, question FROM reply WHERE id = ?1 AND bureau = ?2");

    public RequestRow? Find(byte[] message, string bureau) => _find.Bind(1, message).Bind(2, bureau).All(Read) is [var row] ? row : null;

    public IReadOnlyList<RequestRow> Of(byte[] message) => _of.Bind(1, message).All(Read);

    public void Put(RequestRow row)
    {
        _put.Bind(1, row.Message).Bind(2, row.Bureau).Bind(3, row.Requester).Bind(4, row.Class).Bind(5, row.Copy).Bind(6, (long)row.Talk.Stage)
            .Bind(7, row.Talk.Turns).Bind(8, string.Join(' ', row.Talk.Questions)).Bind(10, row.Clock?.Paused.Ticks ?? 0)
            .Bind(11, row.Clock?.PausedSince is { } since ? RowText.Ticks(since) : null).Bind(12, (long)row.Step)
            .Bind(13, (long)row.Precedence).Bind(14, row.NextAt is { } next ? RowText.Ticks(next) : null)
            .Bind(15, row.DueAt is { } due ? RowText.Ticks(due) : RowText.Open).Bind(16, row.Exercise ? 1 : 0);
        if (row.Started is { } started) _put.Bind(9, started.ToByteArray().AsSpan());
        else _put.Bind(9, default(long?));
        _put.Run();
    }

    /// <summary>With everything that hangs on it. Notices and calls stay owed.</summary>
    public void Remove(byte[] message, string bureau)
    {
        foreach (var delete in _remove) delete.Bind(1, message).Bind(2, bureau).Run();
    }

    public void Owe(RequestRow row, LogPosition position, RequestTurn turn) => _owe.Bind(1, row.Message).Bind(2, row.Bureau).Bind(3, turn.Number)
        .Bind(4, (long)position.Value).Bind(5, (long)turn.Kind).Bind(6, turn.By).Bind(7, RowText.Ticks(turn.At)).Bind(8, turn.Reason).Run();

    public void Turned(RequestRow row, uint number) => _turned.Bind(1, row.Message).Bind(2, row.Bureau).Bind(3, number).Run();

    public void Asked(byte[] id, RequestRow row) => _asked.Bind(1, id).Bind(2, row.Message).Bind(3, row.Bureau).Run();

    public (byte[] Message, string Bureau)? Question(byte[] id) =>
        _question.Bind(1, id).All(row => (row.Bytes(0).ToArray(), row.Text(1))) is [var question] ? question : null;

    public void Replied(byte[] id, RequestRow row, string question) => _replied.Bind(1, id).Bind(2, row.Bureau).Bind(3, row.Message).Bind(4, question).Run();

    public (byte[] Message, string Question)? Reply(byte[] id, string bureau) =>
        _reply.Bind(1, id).Bind(2, bureau).All(row => (row.Bytes(0).ToArray(), row.Text(1))) is [var reply] ? reply : null;

    public static RequestRow Read(Statement row)
    {
        var started = row.IsNull(8) ? null : RequestStarted.Parser.ParseFrom(row.Bytes(8));
        var since = row.NumberOrNull(10) is { } ticks ? RowText.Time(ticks) : (DateTimeOffset?)null;
        return new RequestRow(row.Bytes(0).ToArray(), row.Text(1), row.Text(2), row.Text(3), (Precedence)row.Number(12), row.Number(13) == 1)
        {
            Copy = row.Text(4),
            Talk = new((RequestStage)row.Number(5), (uint)row.Number(6), [.. row.Text(7).Split(' ', StringSplitOptions.RemoveEmptyEntries)]),
            Started = started,
            Clock = started is null ? null : new RunningClock(started.StartedAt.ToDateTimeOffset(), TimeSpan.FromTicks(row.Number(9)), since),
            Step = (RequestStep)row.Number(11),
        };
    }
}
