using System.Text;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>File names that another bureau chose, made fit for a folder here: no way out of it, nothing hidden, nothing that a system keeps for itself.</summary>
internal static class SafeNames
{
    private const int LongestBytes = 200;
    private const string Otherwise = "attachment";

    private static readonly string[] Reserved =
        ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(0, 10).SelectMany(i => (string[])[$"COM{i}", $"LPT{i}"])];

    public static string Of(string? name)
    {
        var clean = new StringBuilder();
        foreach (var rune in Plain.Line(name).EnumerateRunes())
            clean.Append(rune.Value is '\uFFFD' or '/' or '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|' ? "_" : rune.ToString());
        var text = Shortened(clean.ToString().Trim(' ').TrimEnd('.', ' '));
        if (text.StartsWith('.') || text.StartsWith('-')) text = $"_{text[1..]}";
        if (text.Trim('_', ' ').Length == 0) return Otherwise;
        return Reserved.Contains(text.Split('.')[0].TrimEnd(), StringComparer.OrdinalIgnoreCase) ? $"_{text}" : text;
    }

    /// <summary>A path in the folder that is not taken: "report (2).pdf" where there is a report.pdf.</summary>
    public static string Free(string folder, string name)
    {
        var (stem, ending) = (Path.GetFileNameWithoutExtension(name), Path.GetExtension(name));
        var path = Path.Combine(folder, name);
        for (var i = 2; Path.Exists(path); i++) path = Path.Combine(folder, $"{stem} ({i}){ending}");
        return path;
    }

    // The ending stays, since it says how the file opens.
    private static string Shortened(string name)
    {
        if (Encoding.UTF8.GetByteCount(name) <= LongestBytes) return name;
        var ending = Path.GetExtension(name) is { Length: < 20 } some ? some : "";
        var stem = new StringBuilder();
        var left = LongestBytes - Encoding.UTF8.GetByteCount(ending);
        foreach (var rune in name.EnumerateRunes())
        {
            if ((left -= rune.Utf8SequenceLength) < 0) break;
            stem.Append(rune.ToString());
        }
        return stem + ending;
    }
}
