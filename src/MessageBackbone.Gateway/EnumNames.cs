using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MessageBackbone.Gateway;

/// <summary>The contract's enum values as people and JSON write them: PRECEDENCE_FLASH is "flash", PURPOSE_LOCATE_WANTED "locate_wanted".</summary>
internal static class EnumNames
{
    /// <summary>False for anything but the name of a value of the contract; "unspecified" is none.</summary>
    public static bool TryParse<T>(string? name, out T value)
        where T : struct, Enum
    {
        value = Enum.GetValues<T>().FirstOrDefault(v => Of(v) == name);
        return !EqualityComparer<T>.Default.Equals(value, default);
    }

    /// <exception cref="ArgumentException">There is no such value; the text names those that there are.</exception>
    public static T Parse<T>(string name)
        where T : struct, Enum =>
        TryParse<T>(name, out var value) ? value : throw new ArgumentException($"{typeof(T).Name} is one of {string.Join(", ", All<T>())}.");

    public static IEnumerable<string> All<T>()
        where T : struct, Enum => Enum.GetValues<T>().Where(v => !EqualityComparer<T>.Default.Equals(v, default)).Select(Of);

    [SuppressMessage("Globalization", "CA1308", Justification = "Names on the wire are lower case")]
    public static string Of<T>(T value)
        where T : struct, Enum
    {
        var name = new StringBuilder();
        foreach (var c in value.ToString())
        {
            if (char.IsUpper(c) && name.Length > 0) name.Append('_');
            name.Append(char.ToLowerInvariant(c));
        }
        return name.ToString();
    }
}
