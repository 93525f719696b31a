using System.Collections.Immutable;
using System.Diagnostics;
using Google.Protobuf;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Directory;

/// <summary>How the directory's events change its state.</summary>
public static class DirectoryFolding
{
    /// <summary>Whether events of this stored name belong to the directory.</summary>
    public static bool Concerns(string storedName) =>
        storedName.StartsWith("directory.", StringComparison.Ordinal) || storedName.StartsWith("bureau.", StringComparison.Ordinal);

    /// <param name="position">Where the log holds the event.</param>
    public static DirectoryState Evolve(DirectoryState state, IMessage @event, ulong position)
    {
        var next = @event switch
        {
            BureauRegistered e => Register(state, e.Act),
            CertificateEnrolled e => Enrol(state, HolderOf(e), e.Act.Use, e.Act.Certificate, Fingerprint.Read(e.KeySha256.Span), e.EnrolledAt.ToDateTimeOffset()),
            CertificateRevoked e => Revoke(state, e),
            ExchangePolicySet e => state with { Policy = ExchangePolicy.From(e.Act) },
            TopicAllowed e => state with { Topics = state.Topics.SetItem(e.Act.Topic, new Topic(e.Act.Topic, e.Act.Subscribers.ToImmutableSortedSet(StringComparer.Ordinal))) },
            BureauClosed e => state.WithBureau(e.Act.Code, bureau => bureau with { Closed = true }),
            Subscribed e => state.WithWish(e.Bureau, e.Topic, wanted: true),
            Unsubscribed e => state.WithWish(e.Bureau, e.Topic, wanted: false),
            ContractDeclared e => state.WithBureau(e.Bureau, bureau => bureau with { Contract = e.Contract }),
            _ => throw new UnreachableException($"The directory has no case for {@event.Descriptor.FullName}."),
        };
        return ActOf(@event) is (var actId, var order)
            ? next with { Position = position, Acts = next.Acts.SetItem(actId, new RecordedAct(Fingerprint.Of(order.Span), position)) }
            : next with { Position = position };
    }

    internal static DirectoryState Enrol(
        DirectoryState state, Holder holder, CertificateUse use, ByteString der, Fingerprint key, DateTimeOffset at)
    {
        var sha256 = Fingerprint.Of(der.Span);
        var certificate = new EnrolledCertificate(holder, use, der, sha256, key, at, state.Certificates.Count);
        return state with
        {
            Certificates = state.Certificates.SetItem(sha256, certificate),
            Keys = state.Keys.Add(key),
            ByHolder = state.ByHolder.SetItem(holder, state.ByHolder.GetValueOrDefault(holder, []).Add(sha256)),
        };
    }

    private static DirectoryState Register(DirectoryState state, RegisterBureau act)
    {
        var known = state.Bureau(act.Code);
        var bureau = new RegisteredBureau(act.Code, act.DisplayName, act.HighestClassification, known?.Closed ?? false, known?.Contract ?? 0);
        return state with { Bureaus = state.Bureaus.SetItem(act.Code, bureau) };
    }

    private static DirectoryState Revoke(DirectoryState state, CertificateRevoked e)
    {
        var sha256 = Fingerprint.Read(e.Act.CertificateSha256.Span);
        // A founder that left the configuration is revoked all the same: there is nothing to mark.
        return state.FindCertificate(sha256) is { } certificate
            ? state with { Certificates = state.Certificates.SetItem(sha256, certificate with { Revocation = RevocationOf(e) }) }
            : state;
    }

    private static Revocation RevocationOf(CertificateRevoked e) =>
        new(e.RevokedAt.ToDateTimeOffset(), e.Act.InvalidSince.ToDateTimeOffset(), e.Act.Reason);

    private static Holder HolderOf(CertificateEnrolled e) => Holder.TryParse($"urn:backbone:{e.Role}:{e.Name}", out var holder)
        ? holder
        : throw new InvalidOperationException($"Act {e.Act.ActId} enrolled a certificate for a holder that cannot be read.");

    private static (string ActId, ByteString Order)? ActOf(IMessage @event) => @event switch
    {
        BureauRegistered e => (e.Act.ActId, e.Order),
        CertificateEnrolled e => (e.Act.ActId, e.Order),
        CertificateRevoked e => (e.Act.ActId, e.Order),
        ExchangePolicySet e => (e.Act.ActId, e.Order),
        TopicAllowed e => (e.Act.ActId, e.Order),
        BureauClosed e => (e.Act.ActId, e.Order),
        _ => null,
    };
}
