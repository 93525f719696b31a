using System.Text.RegularExpressions;

namespace MessageBackbone.Cli.Tests;

/// <summary>Ceilings of house-style §3.3 and words that a finished line does not hold.</summary>
public sealed partial class SizeTests
{
    private const int SourceCeiling = 350;
    private const int TestCeiling = 400;
    private const int MethodCeiling = 60;
    private const int LineCeiling = 200; // aim: 150

    /// <summary>Exceptions by path, each with its reason.</summary>
    private static readonly Dictionary<string, string> LongFiles = new(StringComparer.Ordinal);

    private static readonly Dictionary<string, string> LongMethods = new(StringComparer.Ordinal);

    [Fact]
    public void No_source_file_is_longer_than_its_ceiling()
    {
        var offences = Repository.Files("src", "*.cs").Select(p => (Path: p, Ceiling: SourceCeiling))
            .Concat(Repository.Files("tests", "*.cs").Select(p => (Path: p, Ceiling: TestCeiling)))
            .Select(f => (f.Path, f.Ceiling, Count: Repository.Lines(f.Path).Length))
            .Where(f => f.Count > f.Ceiling && !LongFiles.ContainsKey(f.Path))
            .Select(f => $"{f.Path}: {f.Count} lines, at most {f.Ceiling}");
        Assert.Empty(offences);
    }

    [Fact]
    public void No_method_is_longer_than_its_ceiling()
    {
        var offences = new List<string>();
        foreach (var path in Repository.Files("src", "*.cs"))
        {
            foreach (var (name, line, length) in Methods(Repository.Lines(path)))
            {
                if (length > MethodCeiling && !LongMethods.ContainsKey($"{path}:{name}")) offences.Add($"{path}({line}) {name}: {length} lines");
            }
        }
        Assert.Empty(offences);
    }

    [Fact]
    public void No_line_is_longer_than_its_ceiling()
    {
        var offences = Repository.Files("src", "*.cs").Concat(Repository.Files("tests", "*.cs")).Concat(Repository.Files("protos", "*.proto"))
            .SelectMany(p => Repository.Lines(p).Select((text, i) => (Path: p, Number: i + 1, text.Length)))
            .Where(l => l.Length > LineCeiling)
            .Select(l => $"{l.Path}({l.Number}): {l.Length}");
        Assert.Empty(offences);
    }

    [Fact]
    public void No_file_holds_a_word_of_unfinished_work()
    {
        var offences = Repository.Files("src", "*.cs").Concat(Repository.Files("tests", "*.cs")).Concat(Repository.Files("protos", "*.proto"))
            .Concat(Repository.Files("deploy", "*")).Concat(Repository.Files("tests", "*.sh"))
            .Where(p => !p.EndsWith("/SizeTests.cs", StringComparison.Ordinal))
            .SelectMany(p => Repository.Lines(p).Select((text, i) => (Path: p, Number: i + 1, Text: text)))
            .Where(l => Unfinished().IsMatch(l.Text))
            .Select(l => $"{l.Path}({l.Number}): {l.Text.Trim()}");
        Assert.Empty(offences);
    }

    [Fact]
    public void No_catch_block_is_empty()
    {
        var offences = Repository.Files("src", "*.cs").Where(p => EmptyCatch().IsMatch(Repository.Text(p)));
        Assert.Empty(offences);
    }

    [Fact]
    public void No_type_is_named_after_a_pattern()
    {
        var offences = Repository.Files("src", "*.cs")
            .SelectMany(p => PatternName().Matches(Repository.Text(p)).Select(m => $"{p}: {m.Groups[1].Value}"));
        Assert.Empty(offences);
    }

    [Fact]
    public void The_readme_has_at_most_200_lines() => Assert.True(Repository.Lines("README.md").Length <= 200);

    /// <summary>Methods by indentation, which `dotnet format` keeps: a signature four deep in a type, up to the closing brace of the same
    /// depth.</summary>
    private static IEnumerable<(string Name, int Line, int Length)> Methods(string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            var signature = Signature().Match(lines[i]);
            if (!signature.Success) continue;
            var indent = signature.Groups[1].Value;
            var end = Array.FindIndex(lines, i + 1, l => l == indent + "}");
            var next = Array.FindIndex(lines, i + 1, l => Signature().IsMatch(l));
            if (end < 0 || (next >= 0 && next < end)) continue;
            yield return (signature.Groups[2].Value, i + 1, end - i + 1);
        }
    }

    [GeneratedRegex(@"^( {4}| {8})(?:public|private|internal|protected|static)\b[^=;]*?\b(\w+)(?:<[^>]*>)?\(")]
    private static partial Regex Signature();

    // The words themselves, since it looks for them: the one line of the project that may hold them.
    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX|NotImplementedException)\b|Thread\.Sleep|\basync void\b|\.GetAwaiter\(\)\.GetResult\(\)|\bSkip = """)]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"catch\s*(\([^)]*\))?\s*(when\s*\([^{]*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"\b(?:class|record|struct) (\w+(?:Manager|Helper|Helpers|Util|Utils|Impl))\b")]
    private static partial Regex PatternName();
}
