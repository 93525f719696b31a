using System.Text;
using SQLitePCL;

namespace MessageBackbone.EventLog.Sqlite;

/// <summary>SQLite answered with an error. <see cref="Code"/> is the extended result code.</summary>
internal sealed class SqliteFault(int code, string message) : Exception($"SQLite error {code}: {message}")
{
    public int Code { get; } = code;
}

/// <summary>One connection, used by one thread at a time. Talks to the engine directly: through the ADO layer events are read at little
/// more than half the rate (decision 0020).</summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly sqlite3 _db;
    private readonly List<SqliteStatement> _statements = [];

    static SqliteSession() => Batteries_V2.Init();

    private SqliteSession(sqlite3 db) => _db = db;

    /// <summary>Opens an existing file.</summary>
    public static SqliteSession Open(string file, bool readOnly)
    {
        var access = readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE;
        // Without SQLITE_OPEN_CREATE a vanished file is an error, never a silent new and empty log.
        var rc = raw.sqlite3_open_v2(file, out var db, access | raw.SQLITE_OPEN_NOMUTEX, null);
        var session = new SqliteSession(db);
        try
        {
            session.Check(rc);
            raw.sqlite3_extended_result_codes(db, 1);
            session.Check(raw.sqlite3_busy_timeout(db, 5_000));
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public bool InTransaction => raw.sqlite3_get_autocommit(_db) == 0;

    public long LastInsertedPosition => raw.sqlite3_last_insert_rowid(_db);

    public void Execute(string sql) => Check(raw.sqlite3_exec(_db, sql));

    public SqliteStatement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v3(_db, sql, raw.SQLITE_PREPARE_PERSISTENT, out var handle));
        var statement = new SqliteStatement(this, handle);
        _statements.Add(statement);
        return statement;
    }

    /// <summary>Pages that this connection has written since it was opened or <see cref="ForgetPagesWritten"/>: an upper bound of the WAL's length.</summary>
    public int PagesWritten => CacheWrites(reset: 0);

    public void ForgetPagesWritten() => CacheWrites(reset: 1);

    /// <summary>Moves pages from the WAL into the database as far as readers allow; with <paramref name="mayWait"/> it waits for them, and the next
    /// commit starts the WAL again.</summary>
    public (int Total, int Moved) Checkpoint(bool mayWait)
    {
        var rc = raw.sqlite3_wal_checkpoint_v2(
            _db, "main", mayWait ? raw.SQLITE_CHECKPOINT_RESTART : raw.SQLITE_CHECKPOINT_PASSIVE, out var total, out var moved);
        if ((rc & 0xFF) != raw.SQLITE_BUSY) Check(rc);
        return (total, moved);
    }

    private int CacheWrites(int reset)
    {
        Check(raw.sqlite3_db_status(_db, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, reset));
        return pages;
    }

    /// <summary>The one number that a query or pragma answers with.</summary>
    public long Number(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_db, sql, out var handle));
        using var statement = new SqliteStatement(this, handle);
        return statement.Step() ? statement.Number(0) : 0;
    }

    public void Dispose()
    {
        foreach (var statement in _statements) statement.Dispose();
        _statements.Clear();
        _db.Dispose();
    }

    internal void Check(int rc)
    {
        if (rc is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE) return;
        throw new SqliteFault(rc, raw.sqlite3_errmsg(_db).utf8_to_string());
    }
}

/// <summary>A prepared statement. Bind, step, read, <see cref="Reset"/>; parameters count from 1, columns from 0.</summary>
internal sealed class SqliteStatement(SqliteSession session, sqlite3_stmt handle) : IDisposable
{
    public SqliteStatement Bind(int parameter, long value)
    {
        session.Check(raw.sqlite3_bind_int64(handle, parameter, value));
        return this;
    }

    /// <summary>Binds text that is known to be ASCII and at most 200 characters: stream names and event types.</summary>
    public SqliteStatement BindName(int parameter, string value)
    {
        Span<byte> utf8 = stackalloc byte[value.Length];
        Encoding.ASCII.GetBytes(value, utf8);
        session.Check(raw.sqlite3_bind_text(handle, parameter, utf8));
        return this;
    }

    public SqliteStatement BindText(int parameter, string value)
    {
        session.Check(raw.sqlite3_bind_text(handle, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        session.Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(handle, parameter, 0) : raw.sqlite3_bind_blob(handle, parameter, value));
        return this;
    }

    /// <summary>Whether there is a row. On an error the statement is reset, so that it holds no read lock.</summary>
    public bool Step()
    {
        var rc = raw.sqlite3_step(handle);
        if (rc == raw.SQLITE_ROW) return true;
        if (rc == raw.SQLITE_DONE) return false;
        try
        {
            session.Check(rc);
            return false;
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>Runs a statement that returns no row.</summary>
    public void Run()
    {
        Step();
        Reset();
    }

    public void Reset() => raw.sqlite3_reset(handle);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public long Number(int column) => raw.sqlite3_column_int64(handle, column);

    /// <summary>Valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(handle, column);

    public void Dispose() => handle.Dispose();
}
