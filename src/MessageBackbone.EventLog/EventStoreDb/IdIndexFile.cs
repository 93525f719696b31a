using MessageBackbone.EventLog.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Makes, checks and opens the file of the index, and makes it again when it is of another log or another version, or damaged.</summary>
internal static class IdIndexFile
{
    private const int ApplicationId = 0x6D624978; // "mbIx"
    private const int Version = 1;

    private const string Create =
        """
        CREATE TABLE ids (id BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE objections (stream TEXT PRIMARY KEY, what TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE followed (log TEXT NOT NULL, position INTEGER NOT NULL, id BLOB NOT NULL);
        """;

    /// <summary>The index of the log of this name.</summary>
    public static IdIndex Open(EventStoreDbOptions options, string log, ILogger logger)
    {
        if (File.Exists(options.IndexFile))
        {
            if (TryOpen(options.IndexFile, log) is { } there) return there;
            EventLogLog.IndexMadeAgain(logger, options.IndexFile);
            Remove(options);
        }

        LogFile.OpenPrivate(options.IndexFile, FileShare.ReadWrite).Dispose();
        var session = OpenSession(options.IndexFile);
        try
        {
            session.Execute("BEGIN IMMEDIATE");
            session.Execute(Create);
            using (var insert = session.Prepare("INSERT INTO followed VALUES (?1, 0, zeroblob(16))")) insert.BindName(1, log).Run();
            session.Execute($"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version};");
            session.Execute("COMMIT");
            return new(session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public static void Remove(EventStoreDbOptions options)
    {
        foreach (var suffix in new[] { "", "-wal", "-shm" }) File.Delete(options.IndexFile + suffix);
    }

    private static IdIndex? TryOpen(string file, string log)
    {
        SqliteSession? session = null;
        try
        {
            session = OpenSession(file);
            if (session.Number("PRAGMA application_id") == ApplicationId && session.Number("PRAGMA user_version") == Version && LogOf(session) == log)
                return new(session);
        }
        catch (SqliteFault e) when ((e.Code & 0xFF) is raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT)
        {
            // Made again by the caller, which says so.
        }
        catch
        {
            session?.Dispose();
            throw;
        }

        session?.Dispose();
        return null;
    }

    // A commit may be lost with the machine, never half of one: what is missing is followed again.
    private static SqliteSession OpenSession(string file)
    {
        var session = SqliteSession.Open(file, readOnly: false);
        try
        {
            session.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static string LogOf(SqliteSession session)
    {
        using var statement = session.Prepare("SELECT log FROM followed");
        return statement.Step() ? System.Text.Encoding.UTF8.GetString(statement.Bytes(0)) : "";
    }
}
