using System.Text.RegularExpressions;

namespace MessageBackbone.Cli.Tests;

/// <summary>The checkout that the tests were built from, as files.</summary>
internal static partial class Repository
{
    /// <summary>The folder of the solution, found upwards from the test program.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string At(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string Text(params string[] parts) => File.ReadAllText(At(parts));

    /// <summary>Files below a folder of the top level, as paths from the top with '/', without what builds leave behind.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(At(folder), pattern, SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(Root, p).Replace('\\', '/'))
            .Where(p => !p.Contains("/bin/", StringComparison.Ordinal) && !p.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    public static string[] Lines(string path) => File.ReadAllLines(At(path));

    /// <summary>Names of the projects that a project file references.</summary>
    public static IEnumerable<string> References(string projectPath) =>
        ProjectReference().Matches(Text(projectPath)).Select(m => Path.GetFileNameWithoutExtension(m.Groups[1].Value.Replace('\\', '/')));

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "MessageBackbone.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);

    [GeneratedRegex("<ProjectReference Include=\"([^\"]+)\"")]
    private static partial Regex ProjectReference();
}
