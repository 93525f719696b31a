using MessageBackbone.Cli.DirectoryActs;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Tests;

public sealed class TextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u001b[31mred\u001b[0m", "\uFFFD[31mred\uFFFD[0m")]
    [InlineData("a\u202Etxt.exe", "a\uFFFDtxt.exe")]
    [InlineData("two\nlines", "two\uFFFDlines")]
    [InlineData("\u009b2J", "\uFFFD2J")]
    [InlineData(null, "")]
    public void Text_of_others_cannot_steer_the_terminal(string? text, string shown) => Assert.Equal(shown, Plain.Line(text));

    [Fact]
    public void Lines_stay_lines_where_they_may() => Assert.Equal("a\n\tb", Plain.Lines("a\r\n\tb"));

    [Theory]
    [InlineData(Precedence.Flash, "flash")]
    [InlineData(Precedence.Immediate, "immediate")]
    public void Precedences_are_shown_as_people_write_them(Precedence value, string shown)
    {
        Assert.Equal(shown, Choice.Show(value));
        Assert.Equal(value, Choice.Read<Precedence>(shown.ToUpperInvariant()));
    }

    [Fact]
    public void A_longer_name_is_shown_with_underscores() => Assert.Equal("official_use_only", Choice.Show(Classification.OfficialUseOnly));

    [Fact]
    public void The_value_that_stands_for_nothing_is_not_offered() => Assert.Null(Choice.Read<Precedence>("unspecified"));

    [Theory]
    [InlineData("FR", HolderRole.Bureau)]
    [InlineData("IPSG-A1", HolderRole.Bureau)]
    [InlineData("node", HolderRole.Node)]
    [InlineData("node-2", HolderRole.Node)]
    [InlineData("operator-12", HolderRole.Operator)]
    [InlineData("secretariat", HolderRole.Secretariat)]
    public void A_holders_role_follows_from_its_name(string name, HolderRole role) =>
        Assert.Equal(new Holder(role, name), IssueCommands.HolderOf(name, null));

    [Fact]
    public void A_policy_file_is_read()
    {
        var policy = PolicyFile.Read("""{"rules": [{"from": "FR", "to": "*", "kinds": ["text"], "effect": "deny"}], "clear_kinds": ["alert.cap"]}""");

        var rule = Assert.Single(policy.ToRules());
        Assert.Equal(("FR", "*", ExchangeEffect.Deny), (rule.From, rule.To, rule.Effect));
        Assert.Equal(["alert.cap"], policy.ClearKinds);
    }

    [Theory]
    [InlineData("""{"rules": [{"from": "FR", "to": "*", "kind": ["text"], "effect": "deny"}], "clear_kinds": []}""")]
    [InlineData("""{"rules": [{"from": "FR", "effect": "deny"}], "clear_kinds": []}""")]
    [InlineData("""{"rules": []}""")]
    [InlineData("[]")]
    [InlineData("")]
    public void A_policy_file_with_a_key_misspelt_or_missing_is_refused(string text) => Assert.Throws<CommandFailure>(() => PolicyFile.Read(text));

    [Fact]
    public void A_policy_with_an_unknown_effect_is_refused() =>
        Assert.Throws<CommandFailure>(() => PolicyFile.Read("""{"rules": [{"from": "FR", "to": "*", "effect": "maybe"}], "clear_kinds": []}""")
            .ToRules().ToList());
}
