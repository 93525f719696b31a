using System.Text;
using MessageBackbone.Cli.Invoking;

namespace MessageBackbone.Cli.Pki;

/// <summary>
/// Writes files of the PKI folder whole or not at all. A key has mode 0600 from its first byte on: it is never readable to others, not even for a
/// moment.
/// </summary>
internal static class PrivateFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ForAll = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Writes all of them, or none where one is there already and may not be replaced.</summary>
    public static void Write(string folder, IReadOnlyDictionary<string, string> files, bool overwrite)
    {
        var taken = files.Keys.Where(name => File.Exists(Path.Combine(folder, name))).Order(StringComparer.Ordinal).ToList();
        if (taken.Count > 0 && !overwrite)
            throw new CommandFailure($"{Path.Combine(folder, taken[0])} exists already.",
                "Nothing was changed. --force replaces it; a replaced seal key is kept as seal.1.key.");
        MakeFolder(folder);
        foreach (var (name, text) in files.OrderBy(f => f.Key, StringComparer.Ordinal)) Write(Path.Combine(folder, name),
            Encoding.UTF8.GetBytes(text), overwrite);
    }

    public static void Write(string path, byte[] content, bool overwrite)
    {
        var secret = Path.GetExtension(path) is not (".pem" or ".csr");
        var fresh = $"{path}.{Environment.ProcessId}.new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = secret ? OwnerOnly : ForAll;
        try
        {
            using (var file = new FileStream(fresh, options))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            File.Move(fresh, path, overwrite);
        }
        finally
        {
            File.Delete(fresh);
        }
    }
}
