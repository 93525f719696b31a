using MessageBackbone.Domain.Requests;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>A turn that the log led to and that is not recorded yet.</summary>
internal sealed record OwedTurn(RequestOf Request, RequestTurn Turn);

/// <summary>An answer that a bureau owes.</summary>
/// <param name="Debtor">The bureau that owes it.</param>
/// <param name="StartedAt">Null: the request is not delivered yet.</param>
/// <param name="DueAt">Null: the clock did not start, or stands.</param>
/// <param name="PausedBy">The oldest question of the debtor's that is not answered yet, by its message; empty: the clock does not stand.</param>
/// <param name="Step">The last one taken; unspecified: none.</param>
/// <param name="Overdue">A step was taken because the deadline had passed.</param>
internal sealed record OwedAnswer(
    string MessageId, string Debtor, string Requester, string DeadlineClass, Precedence Precedence, DateTimeOffset? StartedAt, DateTimeOffset? DueAt, bool Paused,
    string PausedBy, RequestStep Step, bool Overdue, bool Exercise)
{
    /// <summary>Given as `after` it leads to what follows.</summary>
    public string Place => $"{(DueAt is { } due ? RowText.Ticks(due) : RowText.Open)}.{MessageId}.{Debtor}";
}

/// <summary>Questions to the read model <c>requests</c>; each reads one page.</summary>
internal sealed class RequestQueries(ProjectionFollower follower)
{
    public ProjectionFollower Rows => follower;

    /// <summary>In the order in which the log led to them.</summary>
    public ValueTask<IReadOnlyList<OwedTurn>> OwedTurnsAsync(int limit, CancellationToken cancellationToken) =>
        follower.File.ReadAsync<IReadOnlyList<OwedTurn>>(
            session => session.Prepare(
                    "SELECT message, bureau, requester, class, number, kind, by_message, at, reason FROM turn JOIN clock USING (message, bureau) "
                    + "ORDER BY position, number LIMIT ?1")
                .Bind(1, limit).All(row => new OwedTurn(
                    Request(row), new((uint)row.Number(4), (RequestTurnKind)row.Number(5), row.Text(6), RowText.Time(row.Number(7)), row.Text(8)))),
            cancellationToken);

    /// <summary>Clocks whose next step is due by <paramref name="by"/>, the longest overdue first.</summary>
    public ValueTask<IReadOnlyList<RequestOf>> DueAsync(DateTimeOffset by, int limit, CancellationToken cancellationToken) =>
        follower.File.ReadAsync<IReadOnlyList<RequestOf>>(
            session => session.Prepare("SELECT message, bureau, requester, class FROM clock WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2")
                .Bind(1, RowText.Ticks(by)).Bind(2, limit).All(Request),
            cancellationToken);

    /// <summary>When the next step of all is due; null: none, as the clocks stand.</summary>
    public ValueTask<DateTimeOffset?> NextAsync(CancellationToken cancellationToken) => follower.File.ReadAsync<DateTimeOffset?>(
        session => session.Number("SELECT min(next_at) FROM clock WHERE next_at IS NOT NULL") is { } ticks and > 0 ? RowText.Time(ticks) : null,
        cancellationToken);

    /// <summary>Notices that are not in the log yet, the most urgent first, then the oldest.</summary>
    public ValueTask<IReadOnlyList<OwedStep>> OwedNoticesAsync(int limit, CancellationToken cancellationToken) =>
        OwedRows.NoticesAsync(follower, limit, cancellationToken);

    /// <summary>Calls that were neither answered nor given up, the most urgent first, then the oldest.</summary>
    /// <param name="bureaus">Of these recipients; empty: of all.</param>
    public ValueTask<IReadOnlyList<OwedStep>> OwedCallsAsync(
        IEnumerable<RequestStep> steps, IEnumerable<string> bureaus, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        OwedRows.CallsAsync(follower, steps.Select(step => (int)step), bureaus, now, limit, cancellationToken);

    /// <summary>How many answers each bureau owes whose deadline has passed, and how many of them to exercises. For a gauge, which cannot wait.</summary>
    public IReadOnlyList<(string Bureau, ulong Requests, ulong Exercises)> Overdue() => follower.File.Read(
        session => session.Prepare("SELECT bureau, count(*), sum(exercise) FROM clock WHERE step >= 4 GROUP BY bureau")
            .All(row => (row.Text(0), (ulong)row.Number(1), (ulong)row.Number(2))));

    /// <summary>The answers that are owed, the soonest due first; last those whose clocks did not start or stand.</summary>
    /// <param name="debtor">Null: owed by anybody.</param>
    /// <param name="requester">Null: owed to anybody.</param>
    /// <param name="after">The <see cref="OwedAnswer.Place"/> of the last one of the page before; empty: from the first.</param>
    public ValueTask<IReadOnlyList<OwedAnswer>> OwedAsync(
        string? debtor, string? requester, bool overdueOnly, string after, int limit, CancellationToken cancellationToken) =>
        follower.File.ReadAsync<IReadOnlyList<OwedAnswer>>(session => Owed(session, debtor, requester, overdueOnly, after, Math.Clamp(limit, 1, 500)),
            cancellationToken);

    /// <summary>The answers that are owed to these messages, in their order, then by debtor.</summary>
    public ValueTask<IReadOnlyList<OwedAnswer>> OwedInAsync(IReadOnlyList<string> messageIds, CancellationToken cancellationToken) =>
        follower.File.ReadAsync<IReadOnlyList<OwedAnswer>>(
            session => [.. messageIds.Select(id => RowText.Id(id)).OfType<byte[]>().SelectMany(id => session
                .Prepare($"SELECT {RequestRowStore.Columns} FROM clock WHERE message = ?1 AND stage < 2 ORDER BY bureau").Bind(1, id)
                .All(Answer))],
            cancellationToken);

    private static List<OwedAnswer> Owed(ReadModelSession session, string? debtor, string? requester, bool overdueOnly, string after, int limit)
    {
        var (due, message, bureau) = Place(after);
        // Each has its index; both together are few, whichever leads to them.
        var (index, key) = (debtor, requester) switch
        {
            (not null, _) => ("clock_owed_by", "bureau = ?5"),
            (null, not null) => ("clock_owed_to", "1"),
            _ => ("clock_owed", "1"),
        };
        var sql = $"SELECT {RequestRowStore.Columns} FROM clock INDEXED BY {index} WHERE {key} AND stage < 2 AND due_at >= ?1 "
            + "AND (due_at > ?1 OR (message, bureau) > (?2, ?3))"
            + (requester is null ? "" : " AND requester = ?6")
            + (overdueOnly ? $" AND step >= {(int)RequestStep.DutyDesk}" : "") + " ORDER BY due_at, message, bureau LIMIT ?4";
        var statement = session.Prepare(sql).Bind(1, due).Bind(2, message).Bind(3, bureau).Bind(4, limit);
        if (debtor is not null) statement.Bind(5, debtor);
        if (requester is not null) statement.Bind(6, requester);
        return statement.All(Answer);
    }

    private static (long Due, byte[] Message, string Bureau) Place(string place) =>
        place.Split('.') is [var due, var message, var bureau] && long.TryParse(due, out var ticks) && RowText.Id(message) is { } id
            ? (ticks, id, bureau)
            : (long.MinValue, [], "");

    private static OwedAnswer Answer(Statement statement)
    {
        var row = RequestRowStore.Read(statement);
        var paused = row.Clock is { PausedSince: not null };
        return new(
            RowText.Id(row.Message), row.Bureau, row.Requester, row.Class, row.Precedence, row.Clock?.StartedAt, row.DueAt, paused,
            paused && !row.Talk.Questions.IsEmpty ? row.Talk.Questions[0] : "", row.Step, row.Step >= RequestStep.DutyDesk, row.Exercise);
    }

    private static RequestOf Request(Statement row) => new(RowText.Id(row.Bytes(0)), row.Text(1), row.Text(2), row.Text(3));
}
