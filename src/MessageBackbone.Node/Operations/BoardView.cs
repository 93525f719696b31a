using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Operations;

/// <summary>The board as operators see it: the read model's counts, and who attends now.</summary>
internal sealed class BoardView(ReadModels models, Surroundings surroundings, OperationsOptions options, TimeProvider clock)
{
    private readonly ServiceClockQueries _clocks = new(models.Clocks);

    public async ValueTask<Board> GetAsync(CancellationToken cancellationToken) =>
        Complete(await models.Board.File.ReadAsync(BoardTally.Read, cancellationToken), await _clocks.LateAsync(cancellationToken));

    /// <summary>The board now, and again when it differs, at most once an interval. Ends only when cancelled or when the read model stops.</summary>
    public async IAsyncEnumerable<Board> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Board? shown = null;
        while (true)
        {
            var attendance = surroundings.AttendanceChanges();
            var board = await GetAsync(cancellationToken);
            if (shown is null || !shown.Rows.Equals(board.Rows))
            {
                shown = board;
                yield return board;
            }

            await Task.Delay(options.BoardInterval, clock, cancellationToken);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var moved = models.Board.WaitForAsync(new(board.Position + 1), either.Token);
            await (await Task.WhenAny(moved, attendance.WaitAsync(either.Token)));
            await either.CancelAsync();
        }
    }

    /// <summary>For the gauge, which cannot wait.</summary>
    public IEnumerable<OldestUndelivered> Oldest()
    {
        var now = clock.GetUtcNow();
        return from row in models.Board.File.Read(BoardTally.Read).Rows
               where row.OldestWaitingAt is not null
               select new OldestUndelivered(row.Bureau, row.Precedence, now - row.OldestWaitingAt.ToDateTimeOffset());
    }

    /// <summary>For the gauge: what is quarantined, by bureau and precedence; also where it is none any more.</summary>
    public IEnumerable<QuarantinedCount> Quarantined() =>
        from row in models.Board.File.Read(BoardTally.Read).Rows
        select new QuarantinedCount(row.Bureau, row.Precedence, (long)row.Quarantined);

    private Board Complete(Board board, IReadOnlyList<(string Bureau, Precedence Precedence, ulong Deliveries)> late)
    {
        // Two read models: a row of the one that the other does not have yet is there the next time.
        foreach (var row in board.Rows)
            row.Late = late.FirstOrDefault(l => l.Bureau == row.Bureau && l.Precedence == row.Precedence).Deliveries;
        var attending = surroundings.Attending();
        foreach (var row in board.Rows) row.Attended = attending.Contains(row.Bureau);
        board.At = clock.GetUtcNow().ToTimestamp();
        return board;
    }
}
