using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Node.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Content;

/// <summary>
/// Sealed bodies, found by their SHA-256. Durable when <see cref="StoreAsync"/> returns, which is before the event that names them. Writes are grouped: one flush
/// serves many callers. Safe for concurrent use.
/// </summary>
public sealed class ContentStore : IAsyncDisposable
{
    /// <summary>The most bytes that one read returns: 256 KiB.</summary>
    public const int ChunkBytes = 256 * 1024;

    private readonly string _connectionString;
    private readonly ContentWriter _writer;
    private readonly TimeProvider _clock;

    public ContentStore(NodeOptions options, TimeProvider clock, ILogger<ContentStore> logger)
    {
        _clock = clock;
        _connectionString = ContentDatabase.ConnectionString(options.DataFolder);
        using (var connection = ContentDatabase.Open(_connectionString))
        {
            ContentDatabase.Create(connection);
        }

        _writer = new ContentWriter(_connectionString, logger);
    }

    /// <summary>Keeps the body, claimed for this message. Storing the same body again costs a look-up.</summary>
    /// <param name="sha256">Of <paramref name="body"/>; the caller has checked it.</param>
    /// <exception cref="ContentUnavailableException">Nothing was kept.</exception>
    public Task StoreAsync(Fingerprint sha256, ByteString body, string messageId, CancellationToken cancellationToken) =>
        _writer.WriteAsync(new PutBody(sha256.ToArray(), body, messageId, _clock.GetUtcNow().ToUnixTimeSeconds()), cancellationToken);

    /// <summary>Size of a body in bytes; null: there is none.</summary>
    public long? Size(Fingerprint sha256) => Read("SELECT size FROM body WHERE sha256 = $sha256", sha256, command => command.ExecuteScalar() as long?);

    /// <summary>The whole body; null: there is none.</summary>
    public byte[]? ReadAll(Fingerprint sha256) => Read("SELECT bytes FROM body WHERE sha256 = $sha256", sha256, command => command.ExecuteScalar() as byte[]);

    /// <summary>At most <see cref="ChunkBytes"/> from <paramref name="offset"/> on; empty at the end; null: there is no such body.</summary>
    public byte[]? ReadChunk(Fingerprint sha256, long offset) => Read(
        "SELECT substr(bytes, $from, $length) FROM body WHERE sha256 = $sha256",
        sha256,
        command =>
        {
            command.Parameters.AddWithValue("$from", offset + 1);
            command.Parameters.AddWithValue("$length", ChunkBytes);
            return command.ExecuteScalar() as byte[];
        });

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    /// <summary>Attachments have their rows in the same file, so that a claim holds for both.</summary>
    internal Task WriteAsync(ContentWrite write, CancellationToken cancellationToken) => _writer.WriteAsync(write, cancellationToken);

    internal T Read<T>(Func<SqliteCommand, T> read)
    {
        try
        {
            using var connection = ContentDatabase.Open(_connectionString);
            using var command = connection.CreateCommand();
            return read(command);
        }
        catch (SqliteException fault)
        {
            throw new ContentUnavailableException("Content cannot be read now.", fault);
        }
    }

    /// <summary>Claims older than <paramref name="before"/>, at most <paramref name="most"/>, oldest first.</summary>
    internal IReadOnlyList<ContentClaim> OldClaims(DateTimeOffset before, int most)
    {
        using var connection = ContentDatabase.Open(_connectionString);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT sha256, message_id FROM claim WHERE claimed_at < $before ORDER BY claimed_at LIMIT $most";
        command.Parameters.AddWithValue("$before", before.ToUnixTimeSeconds());
        command.Parameters.AddWithValue("$most", most);
        var claims = new List<ContentClaim>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            claims.Add(new ContentClaim((byte[])reader[0], reader.GetString(1)));
        }

        return claims;
    }

    /// <summary>Ends a claim that is still older than <paramref name="before"/>: the body is kept for good, or dropped when nobody else claims it.</summary>
    internal Task SettleAsync(ContentClaim claim, DateTimeOffset before, bool accepted, CancellationToken cancellationToken) =>
        _writer.WriteAsync(new SettleClaim(claim.Sha256, claim.MessageId, before.ToUnixTimeSeconds(), accepted), cancellationToken);

    private T Read<T>(string sql, Fingerprint sha256, Func<SqliteCommand, T> read) => Read(command =>
    {
#pragma warning disable CA2100 // constants of this class
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Parameters.AddWithValue("$sha256", sha256.ToArray());
        return read(command);
    });
}

internal sealed record ContentClaim(byte[] Sha256, string MessageId);
