using System.Security.Cryptography;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Attachments;

/// <summary>An attachment that cannot be given out now.</summary>
internal sealed class NotReleasedException(string reason, string text) : Exception(text)
{
    public string Reason { get; } = reason;
}

/// <summary>What an opened message says of an attachment, and what is here of it.</summary>
public sealed record AttachmentState(string Sha256, string Name, string MediaType, long Size, string State, long Held, string Reason);

/// <summary>Decrypts an attachment for its officer, after both of its hashes have matched. It is never on the gateway's disk in clear.</summary>
internal sealed class Releasing(AttachmentRows rows, AttachmentFolder folder, Fetching fetching, Signal came)
{
    /// <summary>The attachments of an opened message, in the order of its header.</summary>
    public IReadOnlyList<AttachmentState> Of(OpenedMessage opened)
    {
        var here = rows.IncomingOf(opened.Header.MessageId);
        return [.. opened.Header.Attachments.Select(one => State(one, KeyOf(opened, one), here.Find(row => one.Sha256.Span.SequenceEqual(row.Sha256))))];
    }

    /// <summary>
    /// Reads the file through once and compares both hashes; the answer then decrypts it as it is written out. Throws <see cref="NotReleasedException"/>.
    /// </summary>
    public async Task<VerifiedAttachment> VerifyAsync(OpenedMessage opened, byte[] sha256, CancellationToken cancellationToken)
    {
        if (opened.Header.Attachments.FirstOrDefault(one => one.Sha256.Span.SequenceEqual(sha256)) is not { } reference
            || rows.Incoming(opened.Header.MessageId, sha256) is not { } row)
            throw new NotReleasedException(Reasons.UnknownMessage, "The message has no such attachment.");
        var key = KeyOf(opened, reference) ?? throw new NotReleasedException(Reasons.CannotOpen, "The sender sealed no key for this attachment.");
        if (row.State != ArrivalState.Here) throw await NotHereAsync(row, cancellationToken);
        var path = folder.Incoming(row.MessageId, sha256);
        if (AttachmentFolder.Length(path) != row.Size)
        {
            await rows.SetStateAsync(row, ArrivalState.Fetching, "", cancellationToken);
            throw await NotHereAsync(row with { State = ArrivalState.Fetching }, cancellationToken);
        }
        var verified = new VerifiedAttachment(path, key, row.Size);
        if (!await verified.VerifyAsync(sha256, cancellationToken))
            throw new NotReleasedException(Reasons.ContentMismatch, "The attachment is not what its sender sealed the hash of: nothing of it is given out.");
        return verified;
    }

    private async Task<NotReleasedException> NotHereAsync(IncomingAttachment row, CancellationToken cancellationToken)
    {
        var why = row.State == ArrivalState.Failed ? $" The last attempt failed: {row.Reason}." : "";
        if (row.State == ArrivalState.Failed) await rows.SetStateAsync(row, ArrivalState.Fetching, "", cancellationToken);
        came.Give();
        return new NotReleasedException(
            "NOT_HERE_YET", $"The attachment is being fetched: {fetching.Held(row)} of {row.Size} bytes are here. Ask again in a moment.{why}");
    }

    private AttachmentState State(ContentRef reference, AttachmentKey? key, IncomingAttachment? row) => new(
        Convert.ToHexStringLower(reference.Sha256.Span), key?.Name ?? "", reference.MediaType, (long)reference.Size,
        EnumNames.Of(row?.State ?? ArrivalState.Fetching), row is null ? 0 : fetching.Held(row), row?.Reason ?? "");

    private static AttachmentKey? KeyOf(OpenedMessage opened, ContentRef reference) => opened.Content.AttachmentKeys.FirstOrDefault(
        key => key.Sha256.Equals(reference.Sha256) && key.Key.Length == AttachmentCipher.KeySize && key.Iv.Length == AttachmentCipher.IvSize);
}

/// <summary>A whole ciphertext with its key.</summary>
internal sealed class VerifiedAttachment(string path, AttachmentKey key, long size)
{
    public long Size => size;

    public string PlainSha256 => Convert.ToHexStringLower(key.PlainSha256.Span);

    public async Task<bool> VerifyAsync(byte[] sha256, CancellationToken cancellationToken)
    {
        if (key.PlainSize != (ulong)size) return false;
        using var cipherHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var plainHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await foreach (var (_, plain) in PiecesAsync(cipherHash, cancellationToken)) plainHash.AppendData(plain.Span);
        return cipherHash.GetHashAndReset().AsSpan().SequenceEqual(sha256) && key.PlainSha256.Span.SequenceEqual(plainHash.GetHashAndReset());
    }

    public async Task WriteToAsync(Stream destination, CancellationToken cancellationToken)
    {
        await foreach (var (_, plain) in PiecesAsync(null, cancellationToken)) await destination.WriteAsync(plain, cancellationToken);
    }

    // The buffer is the same for every piece: it holds until the next one is asked for.
    private async IAsyncEnumerable<(int Length, ReadOnlyMemory<byte> Plain)> PiecesAsync(
        IncrementalHash? cipherHash, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var cipher = new AttachmentCipher(key.Key.Span, key.Iv.Span);
        using var file = AttachmentFolder.OpenRead(path);
        var piece = new byte[AttachmentFolder.PieceBytes];
        for (long offset = 0; await AttachmentFolder.ReadAsync(file, piece, offset, cancellationToken) is > 0 and var read; offset += read)
        {
            cipherHash?.AppendData(piece, 0, read);
            cipher.Apply(piece.AsSpan(0, read), offset);
            yield return (read, piece.AsMemory(0, read));
        }
    }
}
