using System.Globalization;
using System.Text;

namespace MessageBackbone.Cli.Terminal;

/// <summary>Text of other parties made fit for a terminal: no escape sequence, no writing direction that could hide or forge what is shown.</summary>
internal static class Plain
{
    public static string Line(string? text) => Clean(text, keepLines: false);

    public static string Lines(string? text) => Clean(text, keepLines: true);

    public static string Time(DateTimeOffset? at) => at is { } time
        ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "";

    public static string Bytes(long size) => size switch
    {
        < 1024 => $"{size} B",
        < 1024 * 1024 => $"{size / 1024.0:0.#} KiB",
        _ => $"{size / 1048576.0:0.##} MiB",
    };

    private static string Clean(string? text, bool keepLines)
    {
        if (string.IsNullOrEmpty(text)) return "";
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (keepLines && rune.Value is '\n' or '\t') clean.Append((char)rune.Value);
            else if (keepLines && rune.Value == '\r') continue;
            else if (IsDangerous(rune)) clean.Append('\uFFFD');
            else clean.Append(rune.ToString());
        }
        return clean.ToString();
    }

    private static bool IsDangerous(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || rune.Value is 0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);
}
