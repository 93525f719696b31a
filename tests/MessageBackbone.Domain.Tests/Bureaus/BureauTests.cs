using FsCheck;
using FsCheck.Fluent;
using MessageBackbone.Domain.Bureaus;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Bureaus;

public sealed class BureauTests
{
    private static Subscribe Wants(string topic, bool known = true, bool allowed = true) => new("DE", topic, known, allowed, Sample.Noon);

    private static Bureau Given(params BureauCommand[] commands) => commands.Aggregate(
        Bureau.Silent, (state, command) => Bureau.Decide(state, command).Facts().Aggregate(state, Bureau.Evolve));

    [Fact]
    public void A_topic_that_is_open_to_the_bureau_is_subscribed_once()
    {
        Assert.Equal("alerts", Bureau.Decide(Bureau.Silent, Wants("alerts")).Only<Subscribed>().Topic);
        Bureau.Decide(Given(Wants("alerts")), Wants("alerts")).AddsNothing();
    }

    [Fact]
    public void A_topic_that_is_unknown_or_not_open_is_refused()
    {
        Bureau.Decide(Bureau.Silent, Wants("alerts", known: false)).IsRefused(Reasons.FieldInvalid, "topic");
        Bureau.Decide(Bureau.Silent, Wants("alerts", allowed: false)).IsRefused(Reasons.ExchangeNotPermitted, "topic");
    }

    [Fact]
    public void A_subscription_ends_once()
    {
        var leaves = new Unsubscribe("DE", "alerts", Sample.Noon);

        Bureau.Decide(Bureau.Silent, leaves).AddsNothing();
        Bureau.Decide(Given(Wants("alerts")), leaves).Only<Unsubscribed>();
        Bureau.Decide(Given(Wants("alerts"), leaves), leaves).AddsNothing();
    }

    [Fact]
    public void A_contract_level_is_recorded_when_it_differs()
    {
        Bureau.Decide(Bureau.Silent, new DeclareContract("DE", 1)).Only<ContractDeclared>();
        Bureau.Decide(Given(new DeclareContract("DE", 1)), new DeclareContract("DE", 1)).AddsNothing();
        Bureau.Decide(Given(new DeclareContract("DE", 1)), new DeclareContract("DE", 2)).Only<ContractDeclared>();
    }

    [Fact]
    public void Deciding_again_adds_nothing_and_folding_reaches_the_same_state()
    {
        var commands =
            from topic in Gen.Elements("a", "b", "c")
            from kind in Gen.Choose(0, 5)
            select kind switch
            {
                0 => new Unsubscribe("DE", topic, Sample.Noon),
                1 => new DeclareContract("DE", (uint)topic[0]),
                2 => Wants(topic, allowed: false),
                _ => (BureauCommand)Wants(topic),
            };

        Prop.ForAll(commands.ListOf().ToArbitrary(), list => Deciding.KeepsBothProperties(
            Bureau.Silent, list, Bureau.Decide, Bureau.Evolve, state => $"{string.Join(',', state.Topics)} {state.Contract} {state.Events}"))
            .QuickCheckThrowOnFailure();
    }
}
