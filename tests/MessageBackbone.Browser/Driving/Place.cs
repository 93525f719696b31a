namespace MessageBackbone.Browser.Driving;

/// <summary>Where the tests find what lies beside them, and where their pictures go.</summary>
internal static class Place
{
    /// <summary>Where pictures go instead of <c>artifacts</c> beside this project, which git ignores.</summary>
    public const string Variable = "MESSAGEBACKBONE_SCREENSHOTS";

    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string Axe { get; } = Path.Combine(Root, "tests", "MessageBackbone.Browser", "axe", "node_modules", "axe-core", "axe.min.js");

    private static string Pictures { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : Path.Combine(Root, "tests", "MessageBackbone.Browser", "artifacts");

    /// <summary>A file for a picture; what is no letter or digit of its name becomes a hyphen.</summary>
    public static string Picture(string folder, string name)
    {
        var path = Directory.CreateDirectory(Path.Combine(Pictures, folder)).FullName;
        return Path.Combine(path, string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')) + ".png");
    }

    private static string Find(string folder) => File.Exists(Path.Combine(folder, "MessageBackbone.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
