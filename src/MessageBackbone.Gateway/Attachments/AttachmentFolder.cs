using System.Security.Cryptography;
using MessageBackbone.Gateway.Storing;
using Microsoft.Win32.SafeHandles;

namespace MessageBackbone.Gateway.Attachments;

/// <summary>
/// The gateway's attachment files, ciphertext only: what is on its way out has a chance name, what came has the names of its content and message. A file has its
/// name from the first byte on, and whether it is whole says its row, so no rename can be lost with the power.
/// </summary>
internal sealed class AttachmentFolder(string dataFolder)
{
    /// <summary>Pieces in which files are read and sent: below what the runtime puts on the heap of large objects.</summary>
    public const int PieceBytes = 64 * 1024;

    private readonly string _out = Path.Combine(dataFolder, "attachments", "out");
    private readonly string _in = Path.Combine(dataFolder, "attachments", "in");

    /// <summary>Makes the folders.</summary>
    public void Open()
    {
        PrivateFiles.MakeFolder(Path.GetDirectoryName(_out)!);
        PrivateFiles.MakeFolder(_out);
        PrivateFiles.MakeFolder(_in);
    }

    public string Outgoing(Guid file) => Path.Combine(_out, file.ToString("N"));

    public string Incoming(string messageId, byte[] sha256) => Path.Combine(_in, $"{Convert.ToHexStringLower(sha256)}-{messageId}");

    /// <summary>Files on their way out, with their size and the time of their last byte by the file system's clock.</summary>
    public IEnumerable<(Guid File, long Size, DateTimeOffset WrittenAt)> AllOutgoing() => new DirectoryInfo(_out).EnumerateFiles()
        .Select(file => (Guid.TryParseExact(file.Name, "N", out var id) ? id : Guid.Empty, file.Length, new DateTimeOffset(file.LastWriteTimeUtc)))
        .Where(file => file.Item1 != Guid.Empty);

    /// <summary>Free bytes of the disk that holds the files.</summary>
    public long FreeBytes() => new DriveInfo(_out).AvailableFreeSpace;

    public static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    /// <summary>For writing, from the bytes that are there on. Made where it is not there, readable to the gateway's user alone.</summary>
    public static SafeFileHandle OpenWrite(string path)
    {
        PrivateFiles.Touch(path);
        return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
    }

    public static SafeFileHandle OpenRead(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>At most one piece from the offset on; 0 at the end.</summary>
    public static ValueTask<int> ReadAsync(SafeFileHandle file, byte[] piece, long offset, CancellationToken cancellationToken) =>
        RandomAccess.ReadAsync(file, piece, offset, cancellationToken);

    /// <summary>SHA-256 of the file as the disk has it.</summary>
    public static async Task<byte[]> HashAsync(SafeFileHandle file, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = new byte[PieceBytes];
        for (long offset = 0; await ReadAsync(file, piece, offset, cancellationToken) is > 0 and var read; offset += read) hash.AppendData(piece, 0, read);
        return hash.GetHashAndReset();
    }
}
