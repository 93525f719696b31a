using System.Globalization;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Carrying;

namespace MessageBackbone.Node.Carrying;

/// <summary>The node's own files of carrying, for its user alone: what comes in until it is judged, files that a bureau has not said it took, and answers that
/// are not with their bureau.</summary>
/// <remarks>Nothing here is the truth. Lost, a bureau's next file asks for every answer that it lacks, and the next file to it holds what is open.</remarks>
internal sealed class CarryFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string SpoolName = "spool-";
    private const string FreshName = ".new";

    private readonly string _folder;
    private readonly NodeLimits _limits;
    private long _spools;

    public CarryFolder(NodeOptions options)
    {
        _limits = options.Limits;
        _folder = Path.Combine(options.DataFolder, "carry");
        if (OperatingSystem.IsWindows()) System.IO.Directory.CreateDirectory(_folder);
        else System.IO.Directory.CreateDirectory(_folder, OwnerOnly | UnixFileMode.UserExecute);
        foreach (var pattern in (string[])[$"{SpoolName}*", $"*{FreshName}"])
            foreach (var left in System.IO.Directory.GetFiles(_folder, pattern)) File.Delete(left); // of a run that was killed
    }

    /// <summary>An empty file that is gone when it is closed. Written only while the disk keeps room for the log.</summary>
    public Stream Spool() =>
        Sparing(Open(At($"{SpoolName}{Interlocked.Increment(ref _spools)}"), FileMode.CreateNew, FileOptions.DeleteOnClose | FileOptions.Asynchronous));

    /// <summary>Writes a file whole and durable, or not at all; and only while the disk keeps room for the log.</summary>
    public async Task<T> WriteAsync<T>(string path, Func<Stream, Task<T>> write)
    {
        var fresh = path + FreshName;
        T written;
        try
        {
            await using var file = Open(fresh, FileMode.Create, FileOptions.Asynchronous);
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

    /// <summary>Null: there is none.</summary>
    public static FileStream? Read(string path) => File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read) : null;

    /// <summary>A file to a bureau, kept until the bureau has taken it.</summary>
    public string ToBureau(string bureau, ulong number) => At($"{bureau}.to-bureau.{number}");

    /// <summary>The answers to what a file of the bureau brought.</summary>
    public string Answers(string bureau, ulong number) => At($"{bureau}.answers.{number}");

    /// <summary>The answers that there are for a bureau, the oldest first.</summary>
    public IEnumerable<string> Answers(string bureau) => Numbered($"{bureau}.answers.").OrderBy(file => file.Number).Select(file => file.Path);

    /// <summary>Files to the bureau up to a number are with it, and answers to some of its own.</summary>
    /// <param name="hasAnswers">Whether it has the answers to its file of this number.</param>
    public void Forget(string bureau, ulong toBureau, Func<ulong, bool> hasAnswers)
    {
        foreach (var (path, number) in Numbered($"{bureau}.to-bureau.").Where(file => file.Number <= toBureau)) File.Delete(path);
        foreach (var (path, number) in Numbered($"{bureau}.answers.").Where(file => hasAnswers(file.Number))) File.Delete(path);
    }

    private IEnumerable<(string Path, ulong Number)> Numbered(string prefix)
    {
        foreach (var path in System.IO.Directory.GetFiles(_folder, $"{prefix}*"))
            if (ulong.TryParse(Path.GetFileName(path).AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                yield return (path, number);
    }

    private SparingFile Sparing(FileStream file) => new(file, () => new DriveInfo(_folder).AvailableFreeSpace, () => _limits.FreeDiskKept);

    private string At(string name) => Path.Combine(_folder, name);

    private static FileStream Open(string path, FileMode mode, FileOptions options)
    {
        var how = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, Options = options };
        if (!OperatingSystem.IsWindows()) how.UnixCreateMode = OwnerOnly;
        return new FileStream(path, how);
    }
}
