using MessageBackbone.EventLog;

namespace MessageBackbone.Node.Projecting.Storing;

/// <summary>How far a read model has come: its last event, by position and by id, and how many it has seen. Written in the transaction of the rows.</summary>
internal sealed record Checkpoint(LogPosition Position, Guid EventId, long Events)
{
    private const string Schema =
        """
        CREATE TABLE checkpoint (
            only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
            version INTEGER NOT NULL,
            position INTEGER NOT NULL,
            event_id BLOB NOT NULL,
            events INTEGER NOT NULL) STRICT;
        """;

    /// <summary>The version of the rows that the file holds; null: a new file.</summary>
    public static long? Version(ReadModelSession session) =>
        session.Number("SELECT count(*) FROM sqlite_schema WHERE name = 'checkpoint'") == 0 ? null : session.Number("SELECT version FROM checkpoint");

    /// <summary>Makes the tables, all or none.</summary>
    public static void Create(ReadModelSession session, string schema, int version)
    {
        session.Execute("BEGIN IMMEDIATE");
        session.Execute(Schema + schema);
        session.Prepare("INSERT INTO checkpoint VALUES (1, ?1, 0, ?2, 0)").Bind(1, version).Bind(2, Guid.Empty.ToByteArray(bigEndian: true)).Run();
        session.Execute("COMMIT");
    }

    public static Checkpoint Read(ReadModelSession session) =>
        session.Prepare("SELECT position, event_id, events FROM checkpoint")
            .All(row => new Checkpoint(new((ulong)row.Number(0)), new(row.Bytes(1), bigEndian: true), row.Number(2))).Single();

    public void Write(ReadModelSession session)
    {
        Span<byte> id = stackalloc byte[16];
        EventId.TryWriteBytes(id, bigEndian: true, out _);
        session.Prepare("UPDATE checkpoint SET position = ?1, event_id = ?2, events = ?3").Bind(1, (long)Position.Value).Bind(2, id).Bind(3, Events).Run();
    }
}
