using System.Security.Cryptography;
using MessageBackbone.Domain;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace MessageBackbone.Node.Content;

/// <summary>One content as one bureau brings it.</summary>
internal readonly record struct AttachmentKey(Fingerprint Sha256, string Bureau)
{
    public SqliteCommand Bind(SqliteCommand command)
    {
        command.Parameters.AddWithValue("$sha256", Sha256.ToArray());
        command.Parameters.AddWithValue("$bureau", Bureau);
        return command;
    }
}

/// <summary>
/// The files of attachments: <c>content/aa/{sha256}-{bureau}</c>. A file has its name from the first byte on, so that no rename can be lost with the power;
/// whether it is whole says the row in <see cref="ContentDatabase"/>, written after its flush.
/// </summary>
internal sealed class AttachmentFiles(string dataFolder)
{
    private const int ReadBytes = 128 * 1024;
    private static readonly System.Buffers.SearchValues<char> Hexadecimal = System.Buffers.SearchValues.Create("0123456789abcdef");
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Path.Combine(dataFolder, "content");

    public string PathOf(AttachmentKey key)
    {
        var hex = key.Sha256.ToString();
        return Path.Combine(_folder, hex[..2], $"{hex}-{key.Bureau}");
    }

    public long Length(AttachmentKey key) => new FileInfo(PathOf(key)) is { Exists: true } file ? file.Length : 0;

    /// <summary>For writing; made where it is not there. Nobody else has it open for writing.</summary>
    public SafeFileHandle OpenWrite(AttachmentKey key)
    {
        var path = PathOf(key);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path))
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
            new FileStream(path, options).Dispose();
        }

        return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
    }

    public SafeFileHandle OpenRead(AttachmentKey key) => File.OpenHandle(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    public void Delete(AttachmentKey key) => File.Delete(PathOf(key));

    /// <summary>Free bytes of the disk that holds the files.</summary>
    public long FreeBytes() => new DriveInfo(System.IO.Directory.Exists(_folder) ? _folder : dataFolder).AvailableFreeSpace;

    /// <summary>Every file with the content and bureau that its name says.</summary>
    public IEnumerable<AttachmentKey> All()
    {
        if (!System.IO.Directory.Exists(_folder)) yield break;
        foreach (var path in System.IO.Directory.EnumerateFiles(_folder, "*-*", SearchOption.AllDirectories))
        {
            var name = Path.GetFileName(path);
            if (name.Length > 65 && name[64] == '-' && name.AsSpan(0, 64).ContainsAnyExcept(Hexadecimal) is false)
            {
                yield return new AttachmentKey(Fingerprint.Read(Convert.FromHexString(name.AsSpan(0, 64))), name[65..]);
            }
        }
    }

    /// <summary>SHA-256 of the file as the disk has it, read piece by piece.</summary>
    public static async Task<Fingerprint> HashAsync(SafeFileHandle file, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            for (long offset = 0; await RandomAccess.ReadAsync(file, buffer.AsMemory(0, ReadBytes), offset, cancellationToken) is > 0 and var read; offset += read)
            {
                hash.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }

        return Fingerprint.Read(hash.GetHashAndReset());
    }
}
