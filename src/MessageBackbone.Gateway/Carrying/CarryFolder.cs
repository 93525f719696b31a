using System.Globalization;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Protocol.Carrying;

namespace MessageBackbone.Gateway.Carrying;

/// <summary>The gateway's own files of carrying: what comes in until it is judged, and files that the node has not said it took.</summary>
internal sealed class CarryFolder
{
    private const string SpoolName = "spool-";
    private const string ToNodeName = "to-node.";

    private const string FreshName = ".new";

    private readonly string _folder;
    private readonly GatewayOptions _options;
    private long _spools;

    public CarryFolder(GatewayOptions options)
    {
        (_options, _folder) = (options, Path.Combine(options.DataFolder, "carry"));
        PrivateFiles.MakeFolder(_folder);
        foreach (var pattern in (string[])[$"{SpoolName}*", $"*{FreshName}"])
            foreach (var left in System.IO.Directory.GetFiles(_folder, pattern)) File.Delete(left); // of a run that was killed
    }

    /// <summary>An empty file that is gone when it is closed. Written only while the disk keeps room for inbox and outbox.</summary>
    public Stream Spool() => Sparing(PrivateFiles.Create(Path.Combine(_folder, $"{SpoolName}{Interlocked.Increment(ref _spools)}"), FileOptions.DeleteOnClose));

    /// <summary>Keeps a file to the node, whole and durable, or not at all; and only while the disk keeps room for inbox and outbox.</summary>
    public async Task<T> KeepAsync<T>(long number, Func<Stream, Task<T>> write)
    {
        var (path, fresh) = (ToNode(number), ToNode(number) + FreshName);
        T written;
        try
        {
            await using var file = PrivateFiles.Create(fresh, FileOptions.None);
            written = await write(Sparing(file));
            file.Flush(flushToDisk: true);
        }
        catch
        {
            File.Delete(fresh);
            throw;
        }
        File.Move(fresh, path, overwrite: true);
        return written;
    }

    /// <summary>A file to the node that it has not said it took; null: it is not kept.</summary>
    public FileStream? Read(long number) =>
        File.Exists(ToNode(number)) ? new FileStream(ToNode(number), FileMode.Open, FileAccess.Read, FileShare.Read) : null;

    /// <summary>The node has taken the files up to this number.</summary>
    public void Forget(ulong upTo)
    {
        foreach (var path in System.IO.Directory.GetFiles(_folder, $"{ToNodeName}*"))
            if (ulong.TryParse(Path.GetFileName(path).AsSpan(ToNodeName.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= upTo)
                File.Delete(path);
    }

    private SparingFile Sparing(FileStream file) => new(file, () => new DriveInfo(_folder).AvailableFreeSpace, () => _options.FreeDiskKept);

    private string ToNode(long number) => Path.Combine(_folder, $"{ToNodeName}{number}");
}
