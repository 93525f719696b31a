using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace MessageBackbone.Protocol.Identities;

/// <summary>
/// The shapes of coded values (wire.md §1, §2), over the whole string. Written by hand: a regular expression's <c>$</c> also stands before a final
/// line feed.
/// </summary>
public static class Patterns
{
    private const string Lower = "abcdefghijklmnopqrstuvwxyz";
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Digits = "0123456789";

    private static readonly SearchValues<char> _lower = SearchValues.Create(Lower);
    private static readonly SearchValues<char> _upper = SearchValues.Create(Upper);
    private static readonly SearchValues<char> _letters = SearchValues.Create(Lower + Upper);
    private static readonly SearchValues<char> _alphanumeric = SearchValues.Create(Lower + Upper + Digits);
    private static readonly SearchValues<char> _upperOrDigit = SearchValues.Create(Upper + Digits);
    private static readonly SearchValues<char> _lowerOrDigit = SearchValues.Create(Lower + Digits);
    private static readonly SearchValues<char> _hex = SearchValues.Create("abcdef" + Digits);
    private static readonly SearchValues<char> _name = SearchValues.Create(Lower + Digits + "-");
    private static readonly SearchValues<char> _kind = SearchValues.Create(Lower + Digits + ".-");
    private static readonly SearchValues<char> _mediaType = SearchValues.Create(Lower + Digits + ".+/-");
    private static readonly SearchValues<char> _reference = SearchValues.Create(Lower + Upper + Digits + "._/ -");
    private static readonly SearchValues<char> _reason = SearchValues.Create(Upper + "_");

    /// <summary><c>[A-Z]{2,8}(-[A-Z0-9]{1,12})?</c></summary>
    public static bool IsBureauCode([NotNullWhen(true)] string? text)
    {
        if (text is null)
            return false;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var head = dash < 0 ? text : text.AsSpan(0, dash);
        return head.Length is >= 2 and <= 8 && !head.ContainsAnyExcept(_upper)
            && (dash < 0 || (text.Length - dash - 1 is >= 1 and <= 12 && !text.AsSpan(dash + 1).ContainsAnyExcept(_upperOrDigit)));
    }

    /// <summary><c>[a-z0-9][a-z0-9-]{0,31}</c>: names of all holders but bureaus.</summary>
    public static bool IsHolderName([NotNullWhen(true)] string? text) => Is(text, 32, _lowerOrDigit, _name);

    /// <summary><c>[a-z][a-z0-9.-]{0,63}</c></summary>
    public static bool IsKind([NotNullWhen(true)] string? text) => Is(text, 64, _lower, _kind);

    /// <summary><c>[a-z][a-z0-9.-]{0,63}</c></summary>
    public static bool IsTopic([NotNullWhen(true)] string? text) => IsKind(text);

    /// <summary><c>[a-z][a-z0-9.-]{0,63}</c></summary>
    public static bool IsDeadlineClass([NotNullWhen(true)] string? text) => IsKind(text);

    /// <summary><c>[a-z][a-z0-9.-]{0,63}</c>: why somebody reads the history.</summary>
    public static bool IsPurpose([NotNullWhen(true)] string? text) => IsKind(text);

    /// <summary><c>[A-Za-z0-9._/ -]{1,64}</c></summary>
    public static bool IsReference([NotNullWhen(true)] string? text) => Is(text, 64, _reference, _reference);

    /// <summary><c>[A-Za-z0-9._/ -]{1,64}</c></summary>
    public static bool IsLegalBasis([NotNullWhen(true)] string? text) => IsReference(text);

    /// <summary><c>[A-Za-z0-9._/ -]{1,64}</c>: a pseudonym.</summary>
    public static bool IsOfficer([NotNullWhen(true)] string? text) => IsReference(text);

    /// <summary><c>[A-Z_]{1,64}</c></summary>
    public static bool IsReasonCode([NotNullWhen(true)] string? text) => Is(text, 64, _reason, _reason);

    /// <summary><c>[a-z0-9][a-z0-9.+/-]{0,126}</c></summary>
    public static bool IsMediaType([NotNullWhen(true)] string? text) => Is(text, 127, _lowerOrDigit, _mediaType);

    /// <summary>The shape of a BCP 47 tag: subtags of 1 to 8 letters or digits, the first of letters only; at most 35 characters.</summary>
    public static bool IsLanguage([NotNullWhen(true)] string? text)
    {
        if (text is null or { Length: 0 or > 35 })
            return false;
        var first = true;
        foreach (var range in text.AsSpan().Split('-'))
        {
            var subtag = text.AsSpan(range);
            if (subtag.Length is 0 or > 8 || subtag.ContainsAnyExcept(first ? _letters : _alphanumeric))
                return false;
            first = false;
        }
        return true;
    }

    /// <summary>A UUID of any version, lower case, with hyphens.</summary>
    public static bool IsUuid([NotNullWhen(true)] string? text)
    {
        if (text is not { Length: 36 })
            return false;
        for (var i = 0; i < 36; i++)
        {
            if (i is 8 or 13 or 18 or 23 ? text[i] != '-' : !_hex.Contains(text[i]))
                return false;
        }
        return true;
    }

    /// <summary>
    /// One line for people, of 1 to <paramref name="longest"/> UTF-16 units: no control characters (also C1), bidirectional controls, line
    /// separators, byte
    /// order marks or lone surrogates.
    /// </summary>
    public static bool IsOneLine([NotNullWhen(true)] string? text, int longest) =>
        text is { Length: > 0 } && text.Length <= longest && IsClean(text, lines: false);

    /// <summary>As <see cref="IsOneLine"/>, but may be empty and hold line feeds, carriage returns and tabs.</summary>
    public static bool IsText([NotNullWhen(true)] string? text) => text is not null && IsClean(text, lines: true);

    internal static bool IsClean(ReadOnlySpan<char> text, bool lines)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is >= ' ' and <= '~')
                continue;
            if (lines && c is ('\n' or '\r' or '\t'))
                continue;
            if (char.IsControl(c) || IsInvisibleControl(c))
                return false;
            if (char.IsSurrogate(c) && (i + 1 == text.Length || !char.IsSurrogatePair(c, text[++i])))
                return false;
        }
        return true;
    }

    // What turns or breaks a line unseen: shown text would read otherwise than its bytes.
    private static bool IsInvisibleControl(char c) =>
        c is '\u061c' or '\u200e' or '\u200f' or (>= '\u2028' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\ufeff' or '\ufffe' or '\uffff';

    private static bool Is(string? text, int longest, SearchValues<char> first, SearchValues<char> rest) =>
        text is { Length: > 0 } && text.Length <= longest && first.Contains(text[0]) && !text.AsSpan(1).ContainsAnyExcept(rest);
}
