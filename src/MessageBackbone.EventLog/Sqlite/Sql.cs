namespace MessageBackbone.EventLog.Sqlite;

/// <summary>Every statement of the adapter, and the version of the schema that they are written for.</summary>
internal static class Sql
{
    /// <summary>"MBEL" in the file's header: this is an event log and no other database.</summary>
    public const int ApplicationId = 0x4D42454C;

    public const int SchemaVersion = 1;

    /// <summary>Part of an append that an event is: kept because a repeat is only a repeat of the whole append.</summary>
    public const int Whole = 0, First = 1, Middle = 2, Last = 3;

    // The tables do not normalise stream names: most streams have one to three events, and reads in order need no join (decision 0020).
    public const string Create = $"""
        CREATE TABLE log (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), name TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
        CREATE TABLE event (
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            stream TEXT NOT NULL,
            revision INTEGER NOT NULL,
            event_id BLOB NOT NULL,
            part INTEGER NOT NULL,
            type TEXT NOT NULL,
            recorded_at INTEGER NOT NULL,
            data BLOB NOT NULL,
            metadata BLOB NOT NULL) STRICT;
        CREATE UNIQUE INDEX event_by_stream ON event (stream, revision);
        CREATE UNIQUE INDEX event_by_id ON event (event_id);
        CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
        CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
        """;

    public const string InsertName = "INSERT INTO log (only_row, name, created_at) VALUES (1, ?1, ?2)";
    public const string Name = "SELECT name FROM log WHERE only_row = 1";
    public const string End = "SELECT coalesce(max(position), 0) FROM event";
    public const string Head = "SELECT max(revision) FROM event WHERE stream = ?1";
    public const string ById = "SELECT position, stream, revision, part FROM event WHERE event_id = ?1";

    public const string Insert =
        "INSERT INTO event (stream, revision, event_id, part, type, recorded_at, data, metadata) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

    private const string Columns = "SELECT position, stream, revision, event_id, type, recorded_at, data, metadata, part FROM event ";
    public const string ReadAll = Columns + "WHERE position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3";
    public const string ReadStream = Columns + "WHERE stream = ?1 AND revision >= ?2 ORDER BY revision LIMIT ?3";
    public const string ReadAt = Columns + "WHERE position = ?1";
}
