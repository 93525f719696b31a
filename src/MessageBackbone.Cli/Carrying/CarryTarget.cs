using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Carrying;

/// <summary>Where a carry file is written: for its owner alone, whole and durable or not at all, and never over another file.</summary>
internal sealed class CarryTarget
{
    private readonly string _told;

    /// <param name="told">A file, or a folder that is there: then the file gets its own name.</param>
    /// <exception cref="CommandFailure">It cannot be written there: told before anything is exported.</exception>
    public CarryTarget(string told)
    {
        _told = Path.GetFullPath(told);
        if (Directory.Exists(_told)) return;
        if (File.Exists(_told)) throw Taken(_told, "");
        if (!Directory.Exists(Path.GetDirectoryName(_told))) throw new CommandFailure($"There is no folder {Plain.Line(Path.GetDirectoryName(_told))}.");
    }

    /// <summary>Writes the file and returns its path.</summary>
    /// <param name="write">Writes its bytes and returns their SHA-256 in hexadecimal.</param>
    public async Task<string> WriteAsync(Session session, CarryFacts facts, Func<Stream, Task<string>> write)
    {
        var path = Directory.Exists(_told) ? Path.Combine(_told, facts.FileName()) : _told;
        if (File.Exists(path)) throw Taken(path, $" The file is written: --again {facts.Number} puts it elsewhere.");
        var fresh = $"{path}.{Environment.ProcessId}.new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            await using (var file = new FileStream(fresh, options))
            {
                if (await write(file) != facts.Sha256)
                    throw new CommandFailure("What came is not the file that was announced.", $"Nothing was kept. Fetch it again with --again {facts.Number}.");
                file.Flush(flushToDisk: true);
            }
            File.Move(fresh, path);
        }
        catch (Exception fault) when (fault is not CommandFailure)
        {
            session.Print.Note($"File {facts.Number} is written on the other side, but not here: --again {facts.Number} fetches it.");
            throw;
        }
        finally
        {
            File.Delete(fresh);
        }
        return path;
    }

    private static CommandFailure Taken(string path, string more) => new($"{Plain.Line(path)} exists already: nothing is written over it.{more}");
}
