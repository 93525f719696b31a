using System.CommandLine;
using System.Text;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Invoking;

/// <summary>Enum values of the contract as people write them: PRECEDENCE_FLASH is "flash", OFFICIAL_USE_ONLY "official_use_only".</summary>
internal static class Choice
{
    public static string Show<T>(T value) where T : struct, Enum => Show(value.ToString());

    public static T? Read<T>(string text) where T : struct, Enum
    {
        foreach (var value in Values<T>())
        {
            if (string.Equals(Show(value), text, StringComparison.OrdinalIgnoreCase)) return value;
        }
        return null;
    }

    public static Option<string?> Option<T>(string name, string description) where T : struct, Enum
    {
        string[] names = [.. Values<T>().Select(v => Show(v))];
        var option = new Option<string?>(name) { Description = description, HelpName = string.Join('|', names) };
        option.CompletionSources.Add(names);
        // The library's own check tells it in many lines and does not name the option.
        option.Validators.Add(given =>
        {
            if (given.Tokens.FirstOrDefault(t => !names.Contains(t.Value)) is { } other)
                given.AddError($"{name} is one of {string.Join(", ", names)}, not '{Plain.Line(other.Value)}'.");
        });
        return option;
    }

    private static IEnumerable<T> Values<T>() where T : struct, Enum => Enum.GetValues<T>().Where(v => Convert.ToInt32(v) != 0);

    private static string Show(string pascal)
    {
        var text = new StringBuilder(pascal.Length + 4);
        foreach (var letter in pascal)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(letter));
        }
        return text.ToString();
    }
}
