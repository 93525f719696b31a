namespace MessageBackbone.Cli.Tests;

public sealed class ArchitectureTests
{
    [Fact]
    public void The_top_level_is_exactly_the_agreed_one()
    {
        var allowed = new[] { "src", "tests", "deploy", "protos", "MessageBackbone.sln", "README.md", "global.json" };
        var found = Directory.GetFileSystemEntries(Repository.Root).Select(p => Path.GetFileName(p)!)
            .Where(n => !n.StartsWith('.') && !n.StartsWith("Directory.", StringComparison.Ordinal) && !allowed.Contains(n));
        Assert.Empty(found);
    }
}

internal static class Repository
{
    /// <summary>The folder of the solution, found upwards from the test program.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "MessageBackbone.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
