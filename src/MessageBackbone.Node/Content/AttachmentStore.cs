using MessageBackbone.Domain;
using MessageBackbone.Node.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace MessageBackbone.Node.Content;

/// <summary>
/// Attachments, found by the SHA-256 of their ciphertext, in files that are written and read piece by piece. What came of an upload survives a crash of the
/// process; what is whole survives the power's. Safe for concurrent use.
/// </summary>
public sealed class AttachmentStore(ContentStore store, NodeOptions options, TimeProvider clock)
{
    /// <summary>The most bytes of data in one chunk of an upload: 256 KiB.</summary>
    public const int ChunkBytes = 256 * 1024;

    private readonly UploadTurns _turns = new();

    internal AttachmentFiles Files { get; } = new(options.DataFolder);

    private long Now => clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>The caller's turn at this content of its bureau; a call of before ends. Nothing is written yet.</summary>
    internal async Task<AttachmentUpload> OpenAsync(Fingerprint sha256, string bureau, long total, CancellationToken cancellationToken)
    {
        var key = new AttachmentKey(sha256, bureau);
        var turn = await _turns.EnterAsync(key, cancellationToken);
        try
        {
            return new AttachmentUpload(this, store, turn, key, total, BroughtBefore(key), options.Limits, clock);
        }
        catch
        {
            turn.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of an attachment that is here whole; null: there is none.</summary>
    public long? Size(Fingerprint sha256) => Find(sha256)?.Size;

    /// <summary>The whole attachment; null: it is not here.</summary>
    internal SafeFileHandle? OpenRead(Fingerprint sha256)
    {
        try
        {
            return Find(sha256) is { } found ? Files.OpenRead(new AttachmentKey(sha256, found.Bureau)) : null;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (IOException fault)
        {
            throw new ContentUnavailableException("An attachment cannot be read now.", fault);
        }
    }

    /// <summary>From here on the sweep leaves them, until it finds that the message was never accepted.</summary>
    /// <returns>Index of the first that is not here, and then none is claimed; null: all are.</returns>
    public async Task<int?> ClaimAsync(IReadOnlyList<Fingerprint> contents, string messageId, CancellationToken cancellationToken)
    {
        var claim = new ClaimAttachments([.. contents.Select(content => content.ToArray())], messageId, Now);
        await store.WriteAsync(claim, cancellationToken);
        return claim.Missing;
    }

    /// <summary>Drops what was uploaded before then and no accepted message names. Returns how many files went.</summary>
    internal async Task<int> DropOrphansAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        foreach (var key in store.Read(command => Keys(command, "SELECT sha256, bureau FROM upload WHERE last_at < $before", before)))
        {
            await EndAsync(key, before, cancellationToken);
        }

        var dropped = 0;
        foreach (var key in store.Read(command => Keys(command, "SELECT sha256, bureau FROM attachment WHERE kept = 0", before)))
        {
            using var turn = _turns.TryEnter(key);
            if (turn is null) continue;
            var drop = new DropAttachment(key);
            await store.WriteAsync(drop, cancellationToken);
            if (!drop.Dropped) continue;
            Files.Delete(key);
            dropped++;
        }

        return dropped + await DropUnknownAsync(cancellationToken);
    }

    /// <summary>The file that the store names for a content.</summary>
    internal (long Size, string Bureau)? Find(Fingerprint sha256) => store.Read<(long, string)?>(command =>
    {
        command.CommandText = "SELECT size, bureau FROM attachment WHERE sha256 = $sha256";
        command.Parameters.AddWithValue("$sha256", sha256.ToArray());
        using var reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetInt64(0), reader.GetString(1)) : null;
    });

    // Where the bureau's own file is the content it is never opened for writing again, whatever a later call says of its size.
    private long? BroughtBefore(AttachmentKey key)
    {
        if (Find(key.Sha256) is not { } found || !File.Exists(Files.PathOf(key with { Bureau = found.Bureau }))) return null;
        return found.Bureau == key.Bureau || store.Read(command => HasCompleted(command, key)) ? found.Size : null;
    }

    private static bool HasCompleted(SqliteCommand command, AttachmentKey key)
    {
        command.CommandText = "SELECT 1 FROM upload WHERE sha256 = $sha256 AND bureau = $bureau AND complete = 1";
        return key.Bind(command).ExecuteScalar() is not null;
    }

    // A turn that somebody has now is an upload that goes on, however old its row is.
    private async Task EndAsync(AttachmentKey key, DateTimeOffset before, CancellationToken cancellationToken)
    {
        using var turn = _turns.TryEnter(key);
        if (turn is not null) await store.WriteAsync(new EndUpload(key, before.ToUnixTimeSeconds()), cancellationToken);
    }

    // Files that no row speaks of: ended uploads, and what a crash left between a row and its file.
    private async Task<int> DropUnknownAsync(CancellationToken cancellationToken)
    {
        var dropped = 0;
        foreach (var key in Files.All())
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var turn = _turns.TryEnter(key);
            if (turn is null || store.Read(command => IsKnown(command, key))) continue;
            await Task.Run(() => Files.Delete(key), cancellationToken);
            dropped++;
        }

        return dropped;
    }

    private static bool IsKnown(SqliteCommand command, AttachmentKey key)
    {
        command.CommandText = """
            SELECT 1 FROM upload WHERE sha256 = $sha256 AND bureau = $bureau UNION ALL SELECT 1 FROM attachment WHERE sha256 = $sha256 AND bureau = $bureau
            """;
        return key.Bind(command).ExecuteScalar() is not null;
    }

    private static List<AttachmentKey> Keys(SqliteCommand command, string sql, DateTimeOffset before)
    {
#pragma warning disable CA2100 // constants of this class
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Parameters.AddWithValue("$before", before.ToUnixTimeSeconds());
        var keys = new List<AttachmentKey>();
        using var reader = command.ExecuteReader();
        while (reader.Read()) keys.Add(new AttachmentKey(Fingerprint.Read((byte[])reader[0]), reader.GetString(1)));
        return keys;
    }
}
