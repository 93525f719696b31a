using MessageBackbone.Domain.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Directory;

public sealed class DirectoryStateTests
{
    private static readonly Holder France = new(HolderRole.Bureau, "FR");

    private static Subscribed Wish(string bureau) => new() { Bureau = bureau, Topic = "alerts" };

    [Fact]
    public void The_newest_unrevoked_seal_certificate_comes_first()
    {
        var state = Acts.Given(
            Acts.Register(1, "FR"), Acts.Enrol(2, "FR", 1), Acts.Enrol(3, "FR", 2), Acts.Enrol(4, "FR", 3), Acts.Enrol(5, "FR", 4, CertificateUse.Sign),
            Acts.Revoke(6, 3));

        Assert.Equal([Acts.CertificateHash(2), Acts.CertificateHash(1)], state.SealCertificates("FR").Select(c => c.Sha256));
        Assert.Equal(4, state.CertificatesOf(France).Count());
        Assert.Empty(state.SealCertificates("DE"));
    }

    [Fact]
    public void A_caller_is_enrolled_with_its_own_unrevoked_tls_certificate_until_its_bureau_is_closed()
    {
        var state = Acts.Given(Acts.Register(1, "FR"), Acts.Enrol(2, "FR", 1, CertificateUse.Tls), Acts.Enrol(3, "FR", 2));

        Assert.True(state.IsEnrolled(France, Acts.CertificateHash(1)));
        Assert.False(state.IsEnrolled(France, Acts.CertificateHash(2)));
        Assert.False(state.IsEnrolled(new Holder(HolderRole.Bureau, "DE"), Acts.CertificateHash(1)));
        Assert.False(state.After(Acts.Revoke(4, 1)).IsEnrolled(France, Acts.CertificateHash(1)));
        Assert.False(state.After(Acts.Close(4, "FR")).IsEnrolled(France, Acts.CertificateHash(1)));
    }

    [Fact]
    public void The_first_rule_that_fits_decides_and_without_one_all_may_exchange()
    {
        var state = Acts.Given(Acts.Policy(
            1,
            Acts.Rule("FR", "DE", ExchangeEffect.Allow, "alert.cap"),
            Acts.Rule("FR", "*", ExchangeEffect.Deny),
            Acts.Rule("*", "ES", ExchangeEffect.Deny, "text", "request"),
            Acts.Rule("JP", "ES", ExchangeEffect.Allow)));

        Assert.True(state.MayExchange("FR", "DE", "alert.cap"));
        Assert.False(state.MayExchange("FR", "DE", "text"));
        Assert.False(state.MayExchange("FR", "GB", "alert.cap"));
        Assert.False(state.MayExchange("JP", "ES", "request"));
        Assert.True(state.MayExchange("JP", "ES", "answer"));
        Assert.True(state.MayExchange("GB", "DE", "text"));
    }

    [Fact]
    public void Kinds_that_may_be_clear_are_those_of_the_policy_and_the_control_kinds()
    {
        var (before, after) = (Acts.Given(), Acts.Given(Acts.Policy(1)));

        Assert.True(before.IsClearKind("alert.cap") && before.IsClearKind("order.recall") && !before.IsClearKind("text"));
        Assert.True(after.IsClearKind("notice.green") && after.IsClearKind("report.nondelivery") && !after.IsClearKind("alert.cap"));
    }

    [Fact]
    public void A_topic_goes_to_those_who_want_it_and_still_may()
    {
        var state = Acts.Given(Acts.Register(1, "FR"), Acts.Register(2, "DE"), Acts.Register(3, "ES"), Acts.Allow(4, "alerts"));
        state = new[] { Wish("FR"), Wish("ES"), Wish("DE") }.Aggregate(state, Acts.Evolve);

        Assert.Equal(["DE", "ES", "FR"], state.TopicSubscribers("alerts"));
        Assert.Equal(["alerts"], state.TopicsOf("FR"));

        state = state.After(Acts.Allow(5, "alerts", "FR", "ES")).After(Acts.Close(6, "ES"));
        Assert.Equal(["FR"], state.TopicSubscribers("alerts"));
        Assert.Empty(state.TopicsOf("ES"));
        Assert.False(state.MaySubscribe("DE", "alerts"));
        Assert.Empty(state.TopicSubscribers("unknown"));

        state = Acts.Evolve(state, new Unsubscribed { Bureau = "FR", Topic = "alerts" });
        Assert.Empty(state.TopicSubscribers("alerts"));
    }
}
