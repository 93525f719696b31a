namespace MessageBackbone.Gateway.Storing;

/// <summary>Files and folders that only the gateway's own user may read.</summary>
internal static class PrivateFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows()) System.IO.Directory.CreateDirectory(path);
        else System.IO.Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Makes an empty file where there is none, so that SQLite and its side files get this mode.</summary>
    public static void Touch(string path) => Open(path, FileMode.OpenOrCreate, FileShare.ReadWrite).Dispose();

    /// <summary>Holds the file until it is disposed. Throws <see cref="IOException"/> when somebody else holds it.</summary>
    public static FileStream Lock(string path) => Open(path, FileMode.OpenOrCreate, FileShare.None);

    /// <summary>A new empty file in the place of one that may be there.</summary>
    public static FileStream Create(string path, FileOptions options) => Open(path, FileMode.Create, FileShare.None, options);

    /// <summary>Writes the whole text under another name first, so that a crash leaves the old file or the new one.</summary>
    public static void Write(string path, string text)
    {
        var fresh = path + ".new";
        File.Delete(fresh);
        using (var stream = Open(fresh, FileMode.CreateNew, FileShare.None))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }
        File.Move(fresh, path, overwrite: true);
    }

    /// <summary>Throws when the file can be read by anyone but its owner.</summary>
    public static void DemandOwnerOnly(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        if ((File.GetUnixFileMode(path) & ~(OwnerOnly | UnixFileMode.UserExecute)) != UnixFileMode.None)
            throw new InvalidOperationException($"{path} can be read by others: set its mode to 0600.");
    }

    private static FileStream Open(string path, FileMode mode, FileShare share, FileOptions options = FileOptions.None)
    {
        var how = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, Options = options };
        if (!OperatingSystem.IsWindows()) how.UnixCreateMode = OwnerOnly;
        return new FileStream(path, how);
    }
}
