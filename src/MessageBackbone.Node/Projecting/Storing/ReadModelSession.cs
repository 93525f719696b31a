using SQLitePCL;

namespace MessageBackbone.Node.Projecting.Storing;

/// <summary>SQLite refused a read model's statement: disk full, I/O error, damaged file. The log is untouched.</summary>
internal sealed class ReadModelFault(int code, string message) : Exception($"SQLite error {code}: {message}")
{
    /// <summary>The file itself is damaged or is no database: waiting does not help, a rebuild does.</summary>
    public bool IsDamage => (code & 0xFF) is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;
}

/// <summary>One connection, used by one thread at a time. It talks to the engine directly, because a projection runs a million small statements, each of
/// which costs less in the engine than in the ADO layer around it (decision 0070).</summary>
internal sealed class ReadModelSession : IDisposable
{
    private readonly sqlite3 _db;
    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);

    static ReadModelSession() => Batteries_V2.Init();

    private ReadModelSession(sqlite3 db) => _db = db;

    public static ReadModelSession Open(string file, bool readOnly)
    {
        var flags = readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE;
        var rc = raw.sqlite3_open_v2(file, out var db, flags | raw.SQLITE_OPEN_NOMUTEX, null);
        var session = new ReadModelSession(db);
        try
        {
            session.Check(rc);
            session.Check(raw.sqlite3_busy_timeout(db, 5_000));
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public void Execute(string sql) => Check(raw.sqlite3_exec(_db, sql));

    /// <summary>The statement of this text, prepared once a session.</summary>
    public Statement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out var known)) return known;
        Check(raw.sqlite3_prepare_v3(_db, sql, raw.SQLITE_PREPARE_PERSISTENT, out var handle));
        return _statements[sql] = new Statement(this, handle);
    }

    /// <summary>The one number that a query answers with; null: no row.</summary>
    public long? Number(string sql)
    {
        var statement = Prepare(sql);
        try
        {
            return statement.Step() ? statement.Number(0) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        _statements.Clear();
        _db.Dispose();
    }

    internal void Check(int rc)
    {
        if (rc is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE) return;
        throw new ReadModelFault(raw.sqlite3_extended_errcode(_db), raw.sqlite3_errmsg(_db).utf8_to_string());
    }
}

/// <summary>A prepared statement: bind, run or read. Parameters count from 1, columns from 0.</summary>
internal sealed class Statement(ReadModelSession session, sqlite3_stmt handle) : IDisposable
{
    /// <summary>The highest parameter that its text names.</summary>
    public int Parameters => raw.sqlite3_bind_parameter_count(handle);

    public Statement Bind(int parameter, long value)
    {
        session.Check(raw.sqlite3_bind_int64(handle, parameter, value));
        return this;
    }

    public Statement Bind(int parameter, long? value)
    {
        session.Check(value is { } number ? raw.sqlite3_bind_int64(handle, parameter, number) : raw.sqlite3_bind_null(handle, parameter));
        return this;
    }

    /// <summary>Null is bound as NULL.</summary>
    public Statement Bind(int parameter, string? value)
    {
        session.Check(value is null ? raw.sqlite3_bind_null(handle, parameter) : raw.sqlite3_bind_text(handle, parameter, value));
        return this;
    }

    public Statement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        session.Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(handle, parameter, 0) : raw.sqlite3_bind_blob(handle, parameter, value));
        return this;
    }

    /// <summary>Runs a statement that returns no row.</summary>
    public void Run()
    {
        Step();
        Reset();
    }

    /// <summary>The rows, each read by <paramref name="read"/>.</summary>
    public List<T> All<T>(Func<Statement, T> read)
    {
        var rows = new List<T>();
        try
        {
            while (Step()) rows.Add(read(this));
            return rows;
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>Whether there is a row. On an error the statement is reset, so that it holds no lock.</summary>
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

    public void Reset() => raw.sqlite3_reset(handle);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public long Number(int column) => raw.sqlite3_column_int64(handle, column);

    public long? NumberOrNull(int column) => IsNull(column) ? null : Number(column);

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    /// <summary>Valid until the next step or reset.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(handle, column);

    public void Dispose() => handle.Dispose();
}
