using MessageBackbone.Domain.Requests;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>A turn that the log led to and that is not recorded yet.</summary>
internal sealed record OwedTurn(RequestOf Request, RequestTurn Turn);

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

    /// <summary>How many answers each bureau owes whose deadline has passed. For a gauge, which cannot wait.</summary>
    public IReadOnlyList<(string Bureau, ulong Requests)> Overdue() => follower.File.Read(
        session => session.Prepare("SELECT bureau, count(*) FROM clock WHERE step >= 4 GROUP BY bureau").All(row => (row.Text(0), (ulong)row.Number(1))));

    private static RequestOf Request(Storing.Statement row) => new(RowText.Id(row.Bytes(0)), row.Text(1), row.Text(2), row.Text(3));
}
