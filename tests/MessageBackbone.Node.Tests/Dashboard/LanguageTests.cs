using System.Text.RegularExpressions;
using MessageBackbone.Node.Dashboard.Words;

namespace MessageBackbone.Node.Tests.Dashboard;

public sealed partial class LanguageTests
{
    private static readonly Language English = Language.Of("en");

    public static TheoryData<string> Codes => [.. Language.All.Select(language => language.Code)];

    [Fact]
    public void The_languages_are_those_of_interpol_and_arabic_runs_from_right_to_left()
    {
        Assert.Equal(["en", "fr", "es", "ar"], Language.All.Select(language => language.Code));
        Assert.Equal(["ltr", "ltr", "ltr", "rtl"], Language.All.Select(language => language.Direction));
    }

    [Theory, MemberData(nameof(Codes))]
    public void Every_language_has_every_word_with_the_same_places_to_fill_in(string code)
    {
        var language = Language.Of(code);
        Assert.Equal(English.Keys.Order(StringComparer.Ordinal), language.Keys.Order(StringComparer.Ordinal));
        Assert.All(English.Keys, key => Assert.Equal(Places(English[key]), Places(language[key])));
        Assert.All(language.Keys, key => Assert.False(string.IsNullOrWhiteSpace(language[key]), key));
    }

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(999, "999 ms")]
    [InlineData(1_200, "1.2 s")]
    [InlineData(59_900, "59 s")]
    [InlineData(60_000, "1 min")]
    [InlineData(7_500_000, "2 h 05")]
    [InlineData(356_400_000, "4 d 03 h")]
    [InlineData(-5, "0 ms")]
    public void An_age_has_at_most_two_parts(long milliseconds, string shown) => Assert.Equal(shown, English.Span(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void Numbers_are_written_as_each_language_does()
    {
        Assert.Equal("1,234,567", English.Number(1_234_567));
        Assert.Equal("1\u202F234\u202F567", Language.Of("fr").Number(1_234_567));
        Assert.Equal("0,5", Language.Of("es").Number(0.5, 1));
    }

    [Fact]
    public void What_nobody_knows_is_english() => Assert.Same(English, Language.Of("tlh"));

    private static HashSet<string> Places(string text) => [.. Place().Matches(text).Select(match => match.Value)];

    [GeneratedRegex(@"\{\d\}")]
    private static partial Regex Place();
}
