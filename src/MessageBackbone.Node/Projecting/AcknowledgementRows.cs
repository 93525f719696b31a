using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>An operator has seen an alert and deals with it.</summary>
/// <param name="Alert">Kind and subject.</param>
/// <param name="By">SAN URI of the operator.</param>
/// <param name="Until">Nobody need be told again before.</param>
/// <param name="Node">Where it was said.</param>
internal sealed record Acknowledgement(string Alert, string By, DateTimeOffset At, DateTimeOffset Until, string Node);

/// <summary>Read model <c>acknowledgements</c>: of each alert the newest acknowledgement.</summary>
internal static class AcknowledgementRows
{
    private const string Schema =
        """
        CREATE TABLE acknowledgement (
            alert TEXT PRIMARY KEY,
            operator TEXT NOT NULL,
            at INTEGER NOT NULL,
            until INTEGER NOT NULL,
            node TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """;

    public static Projection Projection { get; } = new("acknowledgements", 1, Schema, session => new Writer(session));

    /// <summary>Those that have not run out, by alert.</summary>
    public static IReadOnlyList<Acknowledgement> Read(ReadModelSession session, DateTimeOffset now) =>
        session.Prepare("SELECT alert, operator, at, until, node FROM acknowledgement WHERE until > ?1 ORDER BY alert").Bind(1, RowText.Ticks(now))
            .All(row => new Acknowledgement(row.Text(0), row.Text(1), RowText.Time(row.Number(2)), RowText.Time(row.Number(3)), row.Text(4)));

    private sealed class Writer : IRowWriter
    {
        private readonly Reactions _reactions;

        public Writer(ReadModelSession session)
        {
            var put = session.Prepare("INSERT OR REPLACE INTO acknowledgement VALUES (?1, ?2, ?3, ?4, ?5)");
            _reactions = new Reactions().On<AlertAcknowledged>((_, e) => put.Bind(1, e.Alert).Bind(2, e.Operator)
                .Bind(3, RowText.Ticks(e.At) ?? 0).Bind(4, RowText.Ticks(e.Until) ?? 0).Bind(5, e.Node).Run());
        }

        public void Apply(RecordedEvent recorded) => _reactions.Apply(recorded);
    }
}
