using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;

namespace MessageBackbone.Node.Projecting;

/// <summary>Read model <c>events</c>: where in the log what kind of event is, its leaf in the ledger, and the message that it is about.</summary>
/// <remarks>Leaves are counted from 0 in the order of the log over every event outside stream <c>ledger</c>.</remarks>
internal static class EventIndex
{
    private const string Schema =
        """
        CREATE TABLE type (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE event (
            position INTEGER PRIMARY KEY,
            leaf INTEGER,
            type INTEGER NOT NULL,
            recorded_at INTEGER NOT NULL,
            message BLOB) STRICT;
        CREATE INDEX event_by_type ON event (type, position);
        CREATE INDEX event_by_message ON event (message, position) WHERE message IS NOT NULL;
        """;

    public static Projection Projection { get; } = new("events", 1, Schema, session => new Writer(session));

    private sealed class Writer : IRowWriter
    {
        private readonly Statement _insert;
        private readonly Statement _insertType;
        private readonly Dictionary<string, long> _types;
        private long _leaves;

        public Writer(ReadModelSession session)
        {
            _insert = session.Prepare("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5)");
            _insertType = session.Prepare("INSERT INTO type VALUES (?1, ?2)");
            _types = session.Prepare("SELECT name, id FROM type").All(row => (row.Text(0), row.Number(1)))
                .ToDictionary(row => row.Item1, row => row.Item2, StringComparer.Ordinal);
            // From the end: at most the checkpoints after the last leaf are passed over.
            _leaves = session.Number("SELECT leaf + 1 FROM event WHERE leaf IS NOT NULL ORDER BY position DESC LIMIT 1") ?? 0;
        }

        public void Apply(RecordedEvent recorded)
        {
            long? leaf = recorded.Stream == StreamId.Ledger ? null : _leaves++;
            _insert.Bind(1, (long)recorded.Position.Value).Bind(2, leaf).Bind(3, TypeOf(recorded.Type)).Bind(4, RowText.Ticks(recorded.RecordedAt));
            if (RowText.MessageOf(recorded.Stream) is { } message) _insert.Bind(5, message.AsSpan());
            else _insert.Bind(5, default(long?));
            _insert.Run();
        }

        private long TypeOf(string name)
        {
            if (_types.TryGetValue(name, out var id)) return id;
            id = _types.Count + 1;
            _insertType.Bind(1, id).Bind(2, name).Run();
            return _types[name] = id;
        }
    }
}
