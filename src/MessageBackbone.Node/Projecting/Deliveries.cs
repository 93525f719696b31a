using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>Where one message stands at one recipient.</summary>
/// <param name="Sequence">0: never presented.</param>
internal sealed record DeliveryStanding(
    string Recipient, DeliveryState State, uint Attempts, ulong Sequence, DateTimeOffset? DeliveredAt, DateTimeOffset? OpenedAt, string Reason);

/// <summary>Questions to the read model <c>deliveries</c>.</summary>
internal sealed class Deliveries(ProjectionFollower follower)
{
    private const string Versions =
        """
        SELECT bureau, state, at, reason FROM delivery WHERE message = ?1 AND since <= ?2 ORDER BY bureau, since
        """;

    private const string Attempts =
        """
        SELECT bureau, max(attempt), max(sequence) FROM attempt WHERE message = ?1 AND position <= ?2 GROUP BY bureau
        """;

    /// <summary>Every recipient's standing, by code, as of <paramref name="asOf"/> (null: as far as the read model has come).</summary>
    public ValueTask<IReadOnlyList<DeliveryStanding>> OfMessageAsync(string messageId, LogPosition? asOf, CancellationToken cancellationToken)
    {
        if (RowText.Id(messageId) is not { } id) return new([]);
        var position = asOf is { Value: < long.MaxValue } some ? (long)some.Value : long.MaxValue;
        return follower.File.ReadAsync<IReadOnlyList<DeliveryStanding>>(session => Standings(session, id, position), cancellationToken);
    }

    private static DeliveryState StateAfter(DeliveryState before, DeliveryState told) => before switch
    {
        DeliveryState.Expired or DeliveryState.Recalled or DeliveryState.Refused or DeliveryState.Redirected => before,
        DeliveryState.Delivered or DeliveryState.Opened when told == DeliveryState.Redirected => before,
        _ => told,
    };

    private static List<DeliveryStanding> Standings(ReadModelSession session, byte[] id, long position)
    {
        var attempts = session.Prepare(Attempts).Bind(1, id).Bind(2, position)
            .All(row => (Bureau: row.Text(0), Attempt: (uint)row.Number(1), Sequence: (ulong)row.Number(2))).ToDictionary(a => a.Bureau, StringComparer.Ordinal);
        var standings = new List<DeliveryStanding>();
        foreach (var v in session.Prepare(Versions).Bind(1, id).Bind(2, position)
                     .All(row => (Bureau: row.Text(0), State: (DeliveryState)row.Number(1), At: row.NumberOrNull(2), Reason: row.IsNull(3) ? "" : row.Text(3))))
        {
            var at = v.At is { } ticks ? RowText.Time(ticks) : (DateTimeOffset?)null;
            if (standings is not [.., var last] || last.Recipient != v.Bureau)
            {
                var (_, attempt, sequence) = attempts.GetValueOrDefault(v.Bureau);
                standings.Add(last = new(v.Bureau, DeliveryState.Waiting, attempt, sequence, null, null, ""));
            }

            standings[^1] = last with
            {
                // A receipt that came too late is kept beside the end and does not change it.
                State = StateAfter(last.State, v.State),
                Reason = last.State == DeliveryState.Refused ? last.Reason : v.Reason,
                DeliveredAt = v.State == DeliveryState.Delivered ? at : last.DeliveredAt,
                OpenedAt = v.State == DeliveryState.Opened ? at : last.OpenedAt,
            };
        }

        return standings;
    }
}
