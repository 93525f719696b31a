using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Directory;

/// <summary>The directory as the contract shows it.</summary>
internal static class DirectoryViews
{
    public static DirectoryUpdate Update(DirectoryState state, DirectoryTouch touch)
    {
        var update = new DirectoryUpdate { Position = state.Position };
        switch (touch.Kind)
        {
            case TouchedKind.Bureau:
                update.Bureau = Bureau(state, touch.Name);
                break;
            case TouchedKind.Holder:
                update.Holder = HolderOf(state, touch.Holder);
                break;
            case TouchedKind.Topic:
                update.Topic = Topic(state, touch.Name);
                break;
            default:
                update.Policy = Policy(state);
                break;
        }

        return update;
    }

    public static BureauEntry Bureau(DirectoryState state, string code)
    {
        // A bureau that subscribed before it was registered has no entry yet: its code is all there is to show.
        var bureau = state.Bureau(code) ?? new RegisteredBureau(code, "", Classification.Unspecified, Closed: false, Contract: 0);
        return new BureauEntry
        {
            Code = bureau.Code,
            DisplayName = bureau.DisplayName,
            HighestClassification = bureau.HighestClassification,
            Certificates = { state.CertificatesOf(new Holder(HolderRole.Bureau, code)).Select(Certificate) },
            Topics = { state.TopicsOf(code) },
            Closed = bureau.Closed,
            Contract = bureau.Contract,
        };
    }

    public static TopicEntry Topic(DirectoryState state, string name) =>
        new() { Topic = name, Allowed = { state.Topics[name].Allowed }, Subscribers = { state.TopicSubscribers(name) } };

    public static PolicyEntry Policy(DirectoryState state) => new() { Rules = { state.Policy.Rules }, ClearKinds = { state.Policy.ClearKinds } };

    public static ListBureausReply List(DirectoryState state) => new()
    {
        Bureaus = { state.Bureaus.Keys.Order(StringComparer.Ordinal).Select(code => Bureau(state, code)) },
        Topics = { state.Topics.Keys.Order(StringComparer.Ordinal).Select(name => Topic(state, name)) },
        Policy = Policy(state),
    };

    private static HolderEntry HolderOf(DirectoryState state, Holder holder) =>
        new() { Role = holder.RoleName, Name = holder.Name, Certificates = { state.CertificatesOf(holder).Select(Certificate) } };

    private static CertificateEntry Certificate(EnrolledCertificate certificate)
    {
        var entry = new CertificateEntry { Certificate = certificate.Der, Use = certificate.Use, EnrolledAt = certificate.EnrolledAt.ToTimestamp() };
        if (certificate.Revocation is { } revocation)
        {
            entry.RevokedAt = revocation.RevokedAt.ToTimestamp();
            entry.InvalidSince = revocation.InvalidSince.ToTimestamp();
            entry.Reason = revocation.Reason;
        }

        return entry;
    }
}
