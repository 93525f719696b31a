using System.Security.Cryptography;
using Google.Protobuf;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Attachments;

/// <summary>Takes a file piece by piece, encrypts each piece under a key of this file's own, and writes it. Nothing readable touches the disk.</summary>
internal sealed class Staging(AttachmentFolder folder, AttachmentRows rows, GatewayOptions options, TimeProvider clock, ILogger<Staging> log)
{
    private static readonly TimeSpan _kept = TimeSpan.FromHours(24);
    private static readonly TimeSpan _every = TimeSpan.FromHours(1);

    /// <summary>When it returns, the ciphertext survives a crash. What no message names is dropped a day later.</summary>
    /// <exception cref="DraftRefusedException">Nothing was kept.</exception>
    public async Task<StagedAttachment> StageAsync(Stream plain, string name, string mediaType, CancellationToken cancellationToken)
    {
        Require(name, mediaType);
        var path = folder.Outgoing(Guid.CreateVersion7(clock.GetUtcNow()));
        try
        {
            return await WriteAsync(plain, path, name, mediaType, cancellationToken);
        }
        catch (IOException fault) when (fault is not Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            File.Delete(path);
            throw new DraftRefusedException(
                DraftRefusedException.OutboxFull, "The file cannot be written now: is the gateway's disk full? Send it again later.", ["attachment"]);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>The files are here, as they were staged.</summary>
    public void RequireHere(IEnumerable<StagedAttachment> attachments)
    {
        foreach (var one in attachments)
            if (one.Size == 0 || AttachmentFolder.Length(folder.Outgoing(one.File)) != one.Size || rows.IsWaiting(one.File) is not null)
                throw new DraftRefusedException(
                    Reasons.FieldInvalid, "attachments: a file is not here any more, or went with another message. Hand it in again.", ["attachments"]);
    }

    /// <summary>The message is final: its files are not needed here any more. What a crash leaves of them goes with the next sweep.</summary>
    public void Release(string messageId)
    {
        foreach (var attachment in rows.OutgoingOf(messageId)) File.Delete(folder.Outgoing(attachment.File));
    }

    /// <summary>Sweeps now and every hour.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_every, clock);
        do
        {
            try
            {
                Sweep();
            }
            catch (Exception fault) when (fault is IOException or Microsoft.Data.Sqlite.SqliteException)
            {
                GatewayLog.AttachmentsFailed(log, fault);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>Deletes what its message needs no more, and what never got one.</summary>
    public void Sweep()
    {
        foreach (var (file, _, writtenAt) in folder.AllOutgoing())
        {
            var waiting = rows.IsWaiting(file);
            if (waiting is false || (waiting is null && clock.GetUtcNow() - writtenAt > _kept)) File.Delete(folder.Outgoing(file));
        }
    }

    private void Require(string name, string mediaType)
    {
        if (!ContentFields.IsFileName(name))
            throw new DraftRefusedException(Reasons.FieldInvalid, "name: a file name without folders, of at most 255 characters without control characters.", ["name"]);
        if (!Patterns.IsMediaType(mediaType)) throw new DraftRefusedException(Reasons.FieldInvalid, "media_type: like application/pdf.", ["media_type"]);
        if (folder.AllOutgoing().Sum(file => file.Size) > options.OutboxAttachmentBytes)
            throw new DraftRefusedException(DraftRefusedException.OutboxFull, "Too many attachments wait: the node has not answered for too long. Send it again later.", []);
        RequireDisk();
    }

    private void RequireDisk()
    {
        if (folder.FreeBytes() < options.FreeDiskKept)
            throw new DraftRefusedException(DraftRefusedException.OutboxFull, "The gateway's disk is too full for attachments. Send it again when there is room.", []);
    }

    private async Task<StagedAttachment> WriteAsync(Stream plain, string path, string name, string mediaType, CancellationToken cancellationToken)
    {
        var (key, iv) = (RandomNumberGenerator.GetBytes(AttachmentCipher.KeySize), RandomNumberGenerator.GetBytes(AttachmentCipher.IvSize));
        using var cipher = new AttachmentCipher(key, iv);
        using var plainHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = AttachmentFolder.OpenWrite(path);
        var piece = new byte[AttachmentFolder.PieceBytes];
        long size = 0;
        while (await plain.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancellationToken) is > 0 and var read)
        {
            plainHash.AppendData(piece, 0, read);
            cipher.Apply(piece.AsSpan(0, read), size);
            hash.AppendData(piece, 0, read);
            await RandomAccess.WriteAsync(file, piece.AsMemory(0, read), size, cancellationToken);
            size += read;
            if (size > options.MaxAttachment)
                throw new DraftRefusedException(Reasons.TooLarge, $"An attachment has at most {options.MaxAttachment} bytes.", ["attachment"]);
            if (size % (64 << 20) == 0) RequireDisk();
        }
        if (size == 0) throw new DraftRefusedException(Reasons.FieldInvalid, "An empty file cannot be attached.", ["attachment"]);
        RandomAccess.FlushToDisk(file);
        return new StagedAttachment(Guid.ParseExact(Path.GetFileName(path), "N"), new AttachmentKey
        {
            Sha256 = ByteString.CopyFrom(hash.GetHashAndReset()),
            Name = name,
            Key = ByteString.CopyFrom(key),
            Iv = ByteString.CopyFrom(iv),
            PlainSha256 = ByteString.CopyFrom(plainHash.GetHashAndReset()),
            PlainSize = (ulong)size,
        }, mediaType, size);
    }
}
