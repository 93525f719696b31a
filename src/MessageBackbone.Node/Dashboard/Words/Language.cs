using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;

namespace MessageBackbone.Node.Dashboard.Words;

/// <summary>The words of the pages in one language, and how it writes numbers. The four are INTERPOL's: English, French, Spanish, Arabic.</summary>
/// <remarks>Not the framework's resources: the whole product runs with the invariant culture, so that nothing that is stored or signed depends on one.</remarks>
internal sealed class Language
{
    private readonly FrozenDictionary<string, string> _words;

    private Language(string code, string name, bool rightToLeft, string group, string point)
    {
        (Code, Name, Direction) = (code, name, rightToLeft ? "rtl" : "ltr");
        Numbers = new NumberFormatInfo { NumberGroupSeparator = group, NumberDecimalSeparator = point };
        _words = Read(code).ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The first is what a browser gets that prefers none of them.</summary>
    public static IReadOnlyList<Language> All { get; } =
    [
        new("en", "English", false, ",", "."), new("fr", "Français", false, "\u202F", ","), new("es", "Español", false, "\u202F", ","), new("ar", "العربية", true, ",", "."),
    ];

    /// <summary>BCP 47.</summary>
    public string Code { get; }

    /// <summary>In the language itself.</summary>
    public string Name { get; }

    /// <summary>As in HTML's <c>dir</c>.</summary>
    public string Direction { get; }

    public IEnumerable<string> Keys => _words.Keys;

    private NumberFormatInfo Numbers { get; }

    /// <exception cref="KeyNotFoundException">A page asks for words that there are not.</exception>
    public string this[string key] => _words[key];

    /// <summary>The words where there are some, else the text itself: codes that others write.</summary>
    public string Or(string key, string text) => _words.GetValueOrDefault(key, text);

    /// <summary>The words as a heading or a key of a chart begins.</summary>
    public string Head(string key) => _words[key] is { Length: > 0 } words ? char.ToUpperInvariant(words[0]) + words[1..] : "";

    /// <summary>The words with {0}, {1} … replaced.</summary>
    public string Say(string key, params object[] arguments) =>
        string.Format(CultureInfo.InvariantCulture, _words[key], [.. arguments.Select(a => a is long or int or ulong or uint ? Number(Convert.ToInt64(a)) : a)]);

    public string Number(long number) => number.ToString("N0", Numbers);

    public string Number(double number, int digits) => number.ToString($"N{digits}", Numbers);

    /// <summary>"42 s", "3 min", "2 h 05", "4 d 03 h": readable from afar, so never more than two parts.</summary>
    public string Span(TimeSpan span) => span switch
    {
        { TotalMilliseconds: < 1000 } => Say("span.ms", (long)Math.Max(0, span.TotalMilliseconds)),
        { TotalSeconds: < 60 } => Say("span.s", Number(span.TotalSeconds < 10 ? Math.Round(span.TotalSeconds, 1) : Math.Floor(span.TotalSeconds), span.TotalSeconds < 10 ? 1 : 0)),
        { TotalMinutes: < 60 } => Say("span.min", (long)span.TotalMinutes),
        { TotalHours: < 24 } => Say("span.h", (long)span.TotalHours, $"{span.Minutes:00}"),
        _ => Say("span.d", (long)span.TotalDays, $"{span.Hours:00}"),
    };

    public static Language Of(string? code) => All.FirstOrDefault(language => language.Code == code) ?? All[0];

    private static Dictionary<string, string> Read(string code)
    {
        using var stream = typeof(Language).Assembly.GetManifestResourceStream($"words/{code}.json")!;
        return JsonSerializer.Deserialize<Dictionary<string, string>>(stream)!;
    }
}
