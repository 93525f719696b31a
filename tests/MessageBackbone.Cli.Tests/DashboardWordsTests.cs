using System.Text.Json;
using System.Text.RegularExpressions;

namespace MessageBackbone.Cli.Tests;

/// <summary>The dashboard's pages and their words: none missing, none left over, nothing said in one language only.</summary>
public sealed partial class DashboardWordsTests
{
    private const string Folder = "src/MessageBackbone.Node/Dashboard";

    private static readonly IReadOnlyCollection<string> Known = JsonSerializer.Deserialize<Dictionary<string, string>>(Repository.Text($"{Folder}/Words/en.json"))!.Keys;

    [Fact]
    public void Every_word_that_a_page_asks_for_is_there()
    {
        var asked = Sources().SelectMany(path => Word().Matches(Repository.Text(path)).Select(match => (Path: path, Key: match.Groups[1].Value)));
        var missing = asked.Where(word => !Known.Contains(word.Key)).ToList();
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_word_is_asked_for_by_its_name_or_by_its_family()
    {
        var all = string.Join('\n', Sources().Select(path => Repository.Text(path)));
        var families = Family().Matches(all).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        // Orders name their words after themselves: $"{order}.title".
        string[] orders = ["redeliver", "quarantine", "rebuild", "lanes", "drain"];
        var unused = Known.Where(key => !all.Contains($"\"{key}\"", StringComparison.Ordinal) && !families.Any(family => key.StartsWith(family, StringComparison.Ordinal))
            && !orders.Any(order => key == $"{order}.title" || key == $"{order}.text")).ToList();
        Assert.Empty(unused);
    }

    [Fact]
    public void A_page_has_no_sentence_of_its_own()
    {
        var offences = Sources().Where(path => path.EndsWith(".razor", StringComparison.Ordinal)).SelectMany(path => Repository.Lines(path)
            .Select((text, i) => (Path: path, Number: i + 1, Text: text)).Where(line => !line.Text.TrimStart().StartsWith("///", StringComparison.Ordinal) && Sentence().IsMatch(line.Text)));
        Assert.Empty(offences);
    }

    private static IEnumerable<string> Sources() => Repository.Files(Folder, "*.razor").Concat(Repository.Files(Folder, "*.cs"));

    [GeneratedRegex(@"\bW(?:\[|\.Say\(|\.Or\(|\.Head\()""([a-z0-9.-]+)""")]
    private static partial Regex Word();

    [GeneratedRegex(@"\$""([a-z-]+(?:\.[a-z-]+)*[.-])\{")]
    private static partial Regex Family();

    // Between two tags: two words of letters that no @ brought there.
    [GeneratedRegex(@">\s*[A-Z][a-z]+ [a-z]+[^<@{]*</")]
    private static partial Regex Sentence();
}
