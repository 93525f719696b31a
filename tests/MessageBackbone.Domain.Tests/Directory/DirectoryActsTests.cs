using MessageBackbone.Domain.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Directory;

public sealed class DirectoryActsTests
{
    [Fact]
    public void A_bureau_is_registered_and_changed_under_its_code()
    {
        var state = Acts.Given(Acts.Register(1, "FR"), Acts.Register(2, "FR", Classification.Confidential));

        Assert.Equal(Classification.Confidential, Assert.Single(state.Bureaus.Values).HighestClassification);
    }

    [Fact]
    public void The_same_act_again_adds_nothing_and_its_place_is_known()
    {
        var state = Acts.Given(Acts.Register(1, "DE"), Acts.Register(2, "FR"));

        DirectoryDecider.Decide(state, Acts.Register(2, "FR")).AddsNothing();
        Assert.Equal(2UL, state.Acts[Sample.ActId(2)].Position);
    }

    [Fact]
    public void Another_act_under_the_same_id_is_refused()
    {
        DirectoryDecider.Decide(Acts.Given(Acts.Register(1, "FR")), Acts.Close(1, "FR")).IsRefused(Reasons.DuplicateIdDifferentBytes, "act_id");
    }

    [Fact]
    public void A_key_is_enrolled_once_for_anyone_and_for_any_use()
    {
        var state = Acts.Given(Acts.Register(1, "FR"), Acts.Register(2, "DE"), Acts.Enrol(3, "FR", key: 1));

        DirectoryDecider.Decide(state, Acts.Enrol(4, "FR", key: 1, CertificateUse.Sign)).IsRefused(Reasons.FieldInvalid, "certificate");
        DirectoryDecider.Decide(state, Acts.Enrol(5, "DE", key: 1)).IsRefused(Reasons.FieldInvalid, "certificate");
        DirectoryDecider.Decide(state.After(Acts.Revoke(6, key: 1)), Acts.Enrol(7, "FR", key: 1)).IsRefused(Reasons.FieldInvalid, "certificate");
        DirectoryDecider.Decide(state, Acts.Enrol(8, "DE", key: 2)).Only<CertificateEnrolled>();
    }

    [Fact]
    public void A_founders_key_is_never_enrolled_again()
    {
        var state = DirectoryState.Founded([
            new Founder(new Holder(HolderRole.Secretariat, "secretariat"), CertificateUse.Sign, Acts.Certificate(9), Fingerprint.Of([9])),
        ]).After(Acts.Register(1, "FR"));

        Assert.False(state.FindCertificate(Acts.CertificateHash(9))!.IsRevoked);
        DirectoryDecider.Decide(state, Acts.Enrol(2, "FR", key: 9)).IsRefused(Reasons.FieldInvalid, "certificate");
    }

    [Fact]
    public void Only_a_registered_bureau_gets_certificates_and_no_closed_one()
    {
        DirectoryDecider.Decide(Acts.Given(), Acts.Enrol(1, "FR", key: 1)).IsRefused(Reasons.UnknownBureau, "certificate");
        DirectoryDecider.Decide(Acts.Given(Acts.Register(1, "FR"), Acts.Close(2, "FR")), Acts.Enrol(3, "FR", key: 1))
            .IsRefused(Reasons.FieldInvalid, "certificate");
    }

    [Theory]
    [InlineData(HolderRole.Auditor, CertificateUse.Sign)]
    [InlineData(HolderRole.Operator, CertificateUse.Sign)]
    [InlineData(HolderRole.Node, CertificateUse.Seal)]
    [InlineData(HolderRole.Bureau, CertificateUse.Unspecified)]
    public void A_holder_has_only_the_certificates_of_its_role(HolderRole role, CertificateUse use)
    {
        DirectoryDecider.Decide(Acts.Given(Acts.Register(1, "FR")), Acts.Enrol(2, role == HolderRole.Bureau ? "FR" : "x", 1, use, role))
            .IsRefused(Reasons.FieldInvalid, "use");
    }

    [Fact]
    public void A_certificate_is_revoked_once_and_not_from_a_later_time_on()
    {
        var state = Acts.Given(Acts.Register(1, "FR"), Acts.Enrol(2, "FR", key: 1));

        DirectoryDecider.Decide(state, Acts.Revoke(3, key: 1, TimeSpan.FromSeconds(1))).IsRefused(Reasons.FieldInvalid, "invalid_since");
        DirectoryDecider.Decide(state, Acts.Revoke(3, key: 2)).IsRefused(Reasons.FieldInvalid, "certificate_sha256");
        DirectoryDecider.Decide(state.After(Acts.Revoke(3, key: 1)), Acts.Revoke(4, key: 1)).IsRefused(Reasons.FieldInvalid, "certificate_sha256");
    }

    [Fact]
    public void A_bureau_is_closed_once_for_good()
    {
        var state = Acts.Given(Acts.Register(1, "FR"), Acts.Close(2, "FR"));

        DirectoryDecider.Decide(state, Acts.Close(3, "FR")).IsRefused(Reasons.FieldInvalid, "code");
        DirectoryDecider.Decide(state, Acts.Register(4, "FR")).IsRefused(Reasons.FieldInvalid, "code");
        DirectoryDecider.Decide(state, Acts.Close(5, "DE")).IsRefused(Reasons.UnknownBureau, "code");
    }

    [Fact]
    public void A_topic_is_opened_to_registered_bureaus()
    {
        DirectoryDecider.Decide(Acts.Given(), Acts.Allow(1, "alerts", "FR")).IsRefused(Reasons.UnknownBureau, "subscribers");
        DirectoryDecider.Decide(Acts.Given(), Acts.Allow(1, "Alerts")).IsRefused(Reasons.FieldInvalid, "topic");
        DirectoryDecider.Decide(Acts.Given(Acts.Register(1, "FR")), Acts.Allow(2, "alerts", "FR", "FR")).IsRefused(Reasons.FieldInvalid, "subscribers");
        DirectoryDecider.Decide(Acts.Given(Acts.Register(1, "FR")), Acts.Allow(2, "alerts", "FR")).Only<TopicAllowed>();
    }

    [Fact]
    public void Fields_of_an_act_are_checked()
    {
        DirectoryDecider.Decide(Acts.Given(), Acts.Register(1, "fr")).IsRefused(Reasons.FieldInvalid, "code");
        DirectoryDecider.Decide(Acts.Given(), Acts.Register(1, "FR", Classification.Unspecified)).IsRefused(Reasons.FieldInvalid, "highest_classification");
        DirectoryDecider.Decide(Acts.Given(), Acts.Policy(1, Acts.Rule("FR", "everyone", ExchangeEffect.Deny))).IsRefused(Reasons.FieldInvalid, "rules");
        DirectoryDecider.Decide(Acts.Given(), Acts.Policy(1, Acts.Rule("FR", "*", ExchangeEffect.Unspecified))).IsRefused(Reasons.FieldInvalid, "rules");
    }
}
