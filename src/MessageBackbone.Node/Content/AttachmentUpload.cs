using MessageBackbone.Node.Hosting;
using Microsoft.Win32.SafeHandles;

namespace MessageBackbone.Node.Content;

/// <summary>One call that brings bytes of one content for one bureau, with the turn at its file. Not for concurrent use.</summary>
internal sealed class AttachmentUpload(
    AttachmentStore attachments, ContentStore store, UploadTurns.Turn turn, AttachmentKey key, long total, long? before, NodeLimits limits, TimeProvider clock)
    : IAsyncDisposable
{
    private const long FlushEvery = 64 << 20;
    private static readonly TimeSpan TouchEvery = TimeSpan.FromMinutes(5);

    private SafeFileHandle? _file;
    private long _flushed;
    private long _touched;

    /// <summary>Bytes from the first on, without a gap.</summary>
    public long Held { get; private set; } = before ?? attachments.Files.Length(key);

    /// <summary>It is whole on disk and has the hash that it is named by.</summary>
    public bool IsComplete { get; private set; } = before is not null;

    /// <summary>Fires when a newer call for the same content has come.</summary>
    public CancellationToken Superseded => turn.Superseded;

    /// <summary>False: the bureau would have more without an accepted message than it may. Call it before the first write.</summary>
    /// <exception cref="ContentUnavailableException">The disk is too full, or the store cannot write.</exception>
    public async Task<bool> TryBeginAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A content has one size. Who named another one before was wrong then or is now: it begins anew.
            if (Held > total) DeleteFile();
            RequireDisk(total - Held);
            var begin = new BeginUpload(key, total, clock.GetUtcNow().ToUnixTimeSeconds(), limits.UnfinishedBytes);
            await store.WriteAsync(begin, cancellationToken);
            if (!begin.HasRoom) return false;
            _file = attachments.Files.OpenWrite(key);
            Held = RandomAccess.GetLength(_file);
            (_flushed, _touched) = (Held, clock.GetTimestamp());
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ContentUnavailableException("An attachment cannot be written now.", fault);
        }
    }

    /// <summary>Adds bytes at <see cref="Held"/>. They survive a crash of the process when this returns.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        try
        {
            await RandomAccess.WriteAsync(_file!, data, Held, cancellationToken);
            Held += data.Length;
            if (Held - _flushed >= FlushEvery) Flush();
        }
        catch (IOException fault)
        {
            throw new ContentUnavailableException("An attachment cannot be written now.", fault);
        }

        if (clock.GetElapsedTime(_touched) >= TouchEvery) await TouchAsync(cancellationToken);
    }

    /// <summary>All bytes are here: they are read back and hashed. False: it is another hash, and everything was discarded.</summary>
    public async Task<bool> CompleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            RandomAccess.FlushToDisk(_file!);
            var isIt = await AttachmentFiles.HashAsync(_file!, cancellationToken) == key.Sha256;
            Close();
            if (!isIt) return await DiscardAsync(cancellationToken);
            await RecordAsync(cancellationToken);
        }
        catch (IOException fault)
        {
            throw new ContentUnavailableException("An attachment cannot be written now.", fault);
        }

        return IsComplete = true;
    }

    public async ValueTask DisposeAsync()
    {
        var wrote = _file is not null;
        Close();
        try
        {
            if (wrote && !IsComplete) await TouchAsync(CancellationToken.None);
        }
        finally
        {
            turn.Dispose();
        }
    }

    // The file that is the content stays; the same bytes from another bureau are known to be the same now, and need no second place.
    private async Task RecordAsync(CancellationToken cancellationToken)
    {
        var first = attachments.Find(key.Sha256);
        var lost = first is { } named && !File.Exists(attachments.Files.PathOf(key with { Bureau = named.Bureau }));
        await store.WriteAsync(new CompleteUpload(key, total, clock.GetUtcNow().ToUnixTimeSeconds(), lost), cancellationToken);
        if (attachments.Find(key.Sha256) is { } content && content.Bureau != key.Bureau) attachments.Files.Delete(key);
    }

    private async Task<bool> DiscardAsync(CancellationToken cancellationToken)
    {
        DeleteFile();
        await store.WriteAsync(new EndUpload(key, DateTimeOffset.MaxValue.ToUnixTimeSeconds()), cancellationToken);
        return false;
    }

    // Written often enough that the disk is never far behind, so that the last flush is short.
    private void Flush()
    {
        RandomAccess.FlushToDisk(_file!);
        _flushed = Held;
        RequireDisk(0);
    }

    private void RequireDisk(long needed)
    {
        if (attachments.Files.FreeBytes() - needed < limits.FreeDiskKept)
        {
            throw new ContentUnavailableException("The disk of the attachments is too full.");
        }
    }

    private async Task TouchAsync(CancellationToken cancellationToken)
    {
        await store.WriteAsync(new TouchUpload(key, clock.GetUtcNow().ToUnixTimeSeconds()), cancellationToken);
        _touched = clock.GetTimestamp();
    }

    private void DeleteFile()
    {
        attachments.Files.Delete(key);
        Held = 0;
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }
}
