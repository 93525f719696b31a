using FsCheck;
using FsCheck.Fluent;
using MessageBackbone.Domain.Directory;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Directory;

public sealed class DirectoryProperties
{
    private static Gen<DirectoryAct> AnyAct =>
        from kind in Gen.Choose(0, 6)
        from id in Gen.Choose(1, 40)
        from code in Gen.Elements("FR", "DE", "ES")
        from key in Gen.Choose(1, 6)
        select kind switch
        {
            0 or 1 => Acts.Register(id, code),
            2 => Acts.Enrol(id, code, (byte)key, (CertificateUse)(key % 4)),
            3 => Acts.Revoke(id, (byte)key),
            4 => Acts.Policy(id, Acts.Rule(code, "*", ExchangeEffect.Deny, $"k{key}")),
            5 => Acts.Allow(id, $"t{key % 2}", code),
            _ => Acts.Close(id, code),
        };

    private static string Picture(DirectoryState state) => string.Join(
        '\n',
        state.Bureaus.Values.Select(b => b.ToString()).Order(StringComparer.Ordinal)
            .Concat(state.Certificates.Values.Select(c => $"{c}").Order(StringComparer.Ordinal))
            .Concat(state.Topics.Values.Select(t => $"{t.Name} {string.Join(',', t.Allowed)}").Order(StringComparer.Ordinal))
            .Concat(state.Policy.Rules.Select(r => $"{r}"))
            .Concat(state.Acts.Select(a => $"{a}").Order(StringComparer.Ordinal))
            .Append($"{state.Position} {state.Keys.Count}"));

    [Fact]
    public void Deciding_again_adds_nothing_and_folding_reaches_the_same_state()
    {
        Prop.ForAll(AnyAct.ListOf().ToArbitrary(), acts => Deciding.KeepsBothProperties(
            DirectoryState.Founded([]), acts, DirectoryDecider.Decide, Acts.Evolve, Picture)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void No_two_certificates_ever_share_a_key()
    {
        Prop.ForAll(AnyAct.ListOf().ToArbitrary(), acts =>
        {
            var state = acts.Aggregate(DirectoryState.Founded([]), (before, act) =>
                DirectoryDecider.Decide(before, act) is Decision.Record record ? record.Events.Aggregate(before, Acts.Evolve) : before);
            Assert.Distinct(state.Certificates.Values.Select(c => c.KeySha256));
        }).QuickCheckThrowOnFailure();
    }
}
