using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>A delivery whose clock runs.</summary>
/// <param name="Step">The last step taken; unspecified: none.</param>
internal sealed record ClockRow(string MessageId, string Recipient, EscalationStep Step, DateTimeOffset StartedAt);

/// <summary>Questions to the read model <c>clocks</c>; each reads one page.</summary>
internal sealed class ServiceClockQueries(ProjectionFollower follower)
{
    public ProjectionFollower Rows => follower;

    /// <summary>Returns once everything that the log holds now is in the rows.</summary>
    public Task CatchUpAsync(CancellationToken cancellationToken) => follower.CatchUpAsync(cancellationToken);

    public Task WaitForAsync(LogPosition position, CancellationToken cancellationToken) => follower.WaitForAsync(position, cancellationToken);

    public LogPosition Position => follower.Position;

    /// <summary>Clocks of a precedence that stand after <paramref name="step"/> and were started at or before <paramref name="startedBy"/>, the oldest
    /// first.</summary>
    public ValueTask<IReadOnlyList<ClockRow>> StartedByAsync(
        Precedence precedence, EscalationStep step, DateTimeOffset startedBy, int limit, CancellationToken cancellationToken) =>
        follower.File.ReadAsync<IReadOnlyList<ClockRow>>(
            session => session.Prepare(
                    "SELECT message, bureau, started_at FROM clock WHERE precedence = ?1 AND step = ?2 AND started_at <= ?3 ORDER BY started_at LIMIT ?4")
                .Bind(1, (long)precedence).Bind(2, (long)step).Bind(3, RowText.Ticks(startedBy)).Bind(4, limit)
                .All(row => new ClockRow(RowText.Id(row.Bytes(0)), row.Text(1), step, RowText.Time(row.Number(2)))),
            cancellationToken);

    /// <summary>When the oldest clock of a precedence that stands after <paramref name="step"/> was started; null: none does.</summary>
    public ValueTask<DateTimeOffset?> OldestAsync(Precedence precedence, EscalationStep step, CancellationToken cancellationToken) =>
        follower.File.ReadAsync<DateTimeOffset?>(
            session => session.Prepare("SELECT min(started_at) FROM clock WHERE precedence = ?1 AND step = ?2").Bind(1, (long)precedence).Bind(2, (long)step)
                .All(row => row.NumberOrNull(0)) is [{ } ticks] ? RowText.Time(ticks) : null,
            cancellationToken);

    /// <summary>Notices that are not in the log yet, the most urgent first, then the oldest.</summary>
    public ValueTask<IReadOnlyList<OwedStep>> OwedNoticesAsync(int limit, CancellationToken cancellationToken) =>
        OwedRows.NoticesAsync(follower, limit, cancellationToken);

    /// <summary>Calls that were neither answered nor given up, the most urgent first, then the oldest.</summary>
    /// <param name="bureaus">Of these recipients; empty: of all.</param>
    public ValueTask<IReadOnlyList<OwedStep>> OwedCallsAsync(
        IEnumerable<EscalationStep> steps, IEnumerable<string> bureaus, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        OwedRows.CallsAsync(follower, steps.Select(step => (int)step), bureaus, now, limit, cancellationToken);

    /// <summary>Late deliveries by bureau and precedence: their clocks run, and at least one step was taken.</summary>
    public ValueTask<IReadOnlyList<(string Bureau, Precedence Precedence, ulong Deliveries)>> LateAsync(CancellationToken cancellationToken) =>
        follower.File.ReadAsync<IReadOnlyList<(string Bureau, Precedence Precedence, ulong Deliveries)>>(Late, cancellationToken);

    /// <summary>As <see cref="LateAsync"/>, for a gauge, which cannot wait.</summary>
    public IReadOnlyList<(string Bureau, Precedence Precedence, ulong Deliveries)> Late() => follower.File.Read(Late);

    private static List<(string Bureau, Precedence Precedence, ulong Deliveries)> Late(ReadModelSession session) =>
        session.Prepare("SELECT bureau, precedence, deliveries FROM late").All(row => (row.Text(0), (Precedence)row.Number(1), (ulong)row.Number(2)));
}
