using Microsoft.Data.Sqlite;

namespace MessageBackbone.Node.Content;

/// <summary>
/// The file <c>content.db</c>: bodies by hash, which attachments lie whole in a file, who is uploading or uploaded what, and who claims them. A claim says that
/// this message may come to name this content. The file of an attachment is that of the bureau which brought it first.
/// </summary>
internal static class ContentDatabase
{
    private const string Schema = """
        PRAGMA journal_mode=WAL;
        CREATE TABLE IF NOT EXISTS body (sha256 BLOB PRIMARY KEY, size INTEGER NOT NULL, bytes BLOB NOT NULL, kept INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE IF NOT EXISTS claim (sha256 BLOB NOT NULL, message_id TEXT NOT NULL, claimed_at INTEGER NOT NULL,
            PRIMARY KEY (sha256, message_id)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS claim_by_age ON claim (claimed_at);
        CREATE TABLE IF NOT EXISTS attachment (sha256 BLOB PRIMARY KEY, size INTEGER NOT NULL, bureau TEXT NOT NULL, kept INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS upload (sha256 BLOB NOT NULL, bureau TEXT NOT NULL, total INTEGER NOT NULL, last_at INTEGER NOT NULL,
            complete INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (sha256, bureau)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS upload_by_age ON upload (last_at);
        """;

    public static string ConnectionString(string folder) => new SqliteConnectionStringBuilder
    {
        DataSource = Path.Combine(folder, "content.db"),
        Pooling = true,
    }.ToString();

    /// <summary>A connection whose commits are on disk when they return.</summary>
    public static SqliteConnection Open(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            Run(connection, "PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static void Create(SqliteConnection connection) => Run(connection, Schema);

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
