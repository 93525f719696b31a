using MessageBackbone.Cli.Invoking;

namespace MessageBackbone.Cli.Demo;

/// <summary>What the demo sends: every file below a folder, or the built-in sample.</summary>
/// <param name="LeftOut">Files that are too large for an attachment.</param>
internal sealed record DemoItems(IReadOnlyList<DemoItem> Items, IReadOnlyList<string> LeftOut)
{
    /// <summary>Content before sealing has at most 1 MiB (wire.md §7); the rest is for subject, names and the salt.</summary>
    private const int Largest = (1 << 20) - 4096;

    private const long LargestAttachment = 10L << 30;
    private const int Sniffed = 4096;

    /// <summary>The largest file that is sent, in words.</summary>
    public const string LargestInWords = "10 GiB";

    private const string SamplePrefix = "Sample/";

    public static DemoItems Read(string? folder) => folder is null ? Sample() : Below(Path.GetFullPath(folder));

    private static DemoItems Sample()
    {
        var assembly = typeof(DemoItems).Assembly;
        var items = new List<DemoItem>();
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(SamplePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            items.Add(new DemoItem(name[SamplePrefix.Length..], bytes.ToArray()));
        }
        return new DemoItems(items, []);
    }

    private static DemoItems Below(string folder)
    {
        if (!Directory.Exists(folder)) throw new CommandFailure($"{folder} is no folder.", "Name one with files to send, or leave --messages out.");
        var (items, leftOut) = (new List<DemoItem>(), new List<string>());
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var path in Directory.EnumerateFiles(folder, "*", options).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
            if (new FileInfo(path).Length > LargestAttachment) leftOut.Add(name);
            else if (new FileInfo(path).Length > Largest) items.Add(new DemoItem(name, Beginning(path)) { LargeFile = path });
            else items.Add(new DemoItem(name, File.ReadAllBytes(path)));
        }
        if (items.Count == 0) throw new CommandFailure($"{folder} holds no file of at most {LargestInWords}.", "Name a folder with files to send.");
        return new DemoItems(items, leftOut);
    }

    private static byte[] Beginning(string path)
    {
        using var file = File.OpenRead(path);
        var bytes = new byte[Sniffed];
        file.ReadExactly(bytes);
        return bytes;
    }
}
