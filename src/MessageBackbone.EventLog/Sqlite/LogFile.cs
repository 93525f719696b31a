using System.Security.Cryptography;
using System.Text;
using SQLitePCL;

namespace MessageBackbone.EventLog.Sqlite;

/// <summary>Makes, checks and opens the database file.</summary>
internal static class LogFile
{
    /// <summary>Takes the folder for this process. The lock is the operating system's: it goes with the process, also at kill -9.</summary>
    /// <exception cref="EventLogOpenException">Another process, or another log in this one, holds it.</exception>
    public static FileStream Lock(string folder, string lockFile)
    {
        CreateFolder(folder);
        try
        {
            return OpenPrivate(lockFile, FileShare.None);
        }
        catch (IOException e)
        {
            throw new EventLogOpenException(lockFile, "This event log is in use: another process holds its lock file", e);
        }
    }

    /// <summary>Opens the writer's connection for the first time; makes the file and the schema where there is none.</summary>
    public static (SqliteSession Session, string Name) OpenOrCreate(SqliteEventLogOptions options, DateTimeOffset now)
    {
        if (!File.Exists(options.DatabaseFile)) OpenPrivate(options.DatabaseFile, FileShare.ReadWrite).Dispose();
        try
        {
            return OpenForWriting(options, session => Create(session, now));
        }
        catch (SqliteFault e) when ((e.Code & 0xFF) is raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT)
        {
            throw new EventLogOpenException(options.DatabaseFile, "This file is not an event log, or it is damaged", e);
        }
    }

    /// <summary>Opens the writer's connection again after a fault. A file that has gone or was exchanged meanwhile is a fault, never a new log.</summary>
    public static SqliteSession Reopen(SqliteEventLogOptions options, string name)
    {
        var (session, found) = OpenForWriting(options, static _ => throw new SqliteFault(raw.SQLITE_CORRUPT, "the log's file is empty"));
        if (found == name) return session;
        session.Dispose();
        throw new SqliteFault(raw.SQLITE_CORRUPT, $"the file holds {found} instead of {name}");
    }

    public static SqliteSession OpenForReading(SqliteEventLogOptions options)
    {
        var session = SqliteSession.Open(options.DatabaseFile, readOnly: true);
        session.Execute("PRAGMA cache_size = -8192; PRAGMA query_only = 1;");
        return session;
    }

    private static (SqliteSession Session, string Name) OpenForWriting(SqliteEventLogOptions options, Action<SqliteSession> create)
    {
        var session = SqliteSession.Open(options.DatabaseFile, readOnly: false);
        try
        {
            var isNew = CheckVersion(session, options.DatabaseFile);
            session.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;");
            session.Execute($"PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {64 << 20};");
            if (options.FaultPoints.MaxPages is { } pages) session.Execute($"PRAGMA max_page_count = {pages}");
            if (isNew) create(session);
            // After a crash of the process alone the WAL can hold commits that no flush has confirmed. The checkpoint flushes them, so that
            // a repeated append is never answered with "appended" for something that a power cut could still take back.
            session.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            return (session, ReadName(session));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static string ReadName(SqliteSession session)
    {
        using var statement = session.Prepare(Sql.Name);
        return statement.Step() ? Encoding.ASCII.GetString(statement.Bytes(0)) : throw new SqliteFault(raw.SQLITE_CORRUPT, "the log has no name");
    }

    private static bool CheckVersion(SqliteSession session, string file)
    {
        var application = session.Number("PRAGMA application_id");
        var version = session.Number("PRAGMA user_version");
        if (application == 0 && version == 0 && session.Number("SELECT count(*) FROM sqlite_schema") == 0) return true;
        if (application != Sql.ApplicationId) throw new EventLogOpenException(file, "This database is not an event log");
        if (version != Sql.SchemaVersion)
            throw new EventLogOpenException(file, $"This event log has schema version {version}; this program knows version {Sql.SchemaVersion}");
        return false;
    }

    private static void Create(SqliteSession session, DateTimeOffset now)
    {
        session.Execute("BEGIN IMMEDIATE");
        session.Execute(Sql.Create);
        using (var insert = session.Prepare(Sql.InsertName))
            insert.BindName(1, $"log-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}").Bind(2, now.UtcTicks).Run();
        session.Execute($"PRAGMA application_id = {Sql.ApplicationId}; PRAGMA user_version = {Sql.SchemaVersion};");
        session.Execute("COMMIT");
    }

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>A file for its owner alone. SQLite gives the WAL and the shared-memory file the mode of the database.</summary>
    public static FileStream OpenPrivate(string file, FileShare share)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(file, options);
    }
}
