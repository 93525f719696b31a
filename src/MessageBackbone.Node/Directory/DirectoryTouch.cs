using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Directory;

internal enum TouchedKind
{
    Bureau,
    Holder,
    Topic,
    Policy,
}

/// <summary>A part of the directory that an event changed.</summary>
internal readonly record struct DirectoryTouch(TouchedKind Kind, Holder Holder, string Name)
{
    public static readonly DirectoryTouch Policy = new(TouchedKind.Policy, default, "");

    public static DirectoryTouch Of(Holder holder) =>
        holder.Role == HolderRole.Bureau ? Bureau(holder.Name) : new(TouchedKind.Holder, holder, holder.Name);

    public static DirectoryTouch Bureau(string code) => new(TouchedKind.Bureau, default, code);

    public static DirectoryTouch Topic(string name) => new(TouchedKind.Topic, default, name);

    /// <param name="state">After the event.</param>
    public static IEnumerable<DirectoryTouch> By(IMessage @event, DirectoryState before, DirectoryState state) => @event switch
    {
        BureauRegistered e => [Bureau(e.Act.Code)],
        CertificateEnrolled e => OfCertificate(state, Fingerprint.Read(e.CertificateSha256.Span)),
        CertificateRevoked e => OfCertificate(state, Fingerprint.Read(e.Act.CertificateSha256.Span)),
        ExchangePolicySet => [Policy],
        TopicAllowed e => before.TopicSubscribers(e.Act.Topic).Concat(state.TopicSubscribers(e.Act.Topic)).Select(Bureau).Prepend(Topic(e.Act.Topic)),
        BureauClosed e => before.TopicsOf(e.Act.Code).Select(Topic).Prepend(Bureau(e.Act.Code)),
        Subscribed e => [Bureau(e.Bureau), Topic(e.Topic)],
        Unsubscribed e => [Bureau(e.Bureau), Topic(e.Topic)],
        ContractDeclared e => [Bureau(e.Bureau)],
        _ => [],
    };

    /// <summary>Everything there is.</summary>
    public static IEnumerable<DirectoryTouch> All(DirectoryState state) =>
        state.Bureaus.Keys.Order(StringComparer.Ordinal).Select(Bureau)
            .Concat(state.Holders.Where(holder => holder.Role != HolderRole.Bureau).OrderBy(holder => holder.Uri, StringComparer.Ordinal).Select(Of))
            .Concat(state.Topics.Keys.Order(StringComparer.Ordinal).Select(Topic))
            .Append(Policy);

    private static IEnumerable<DirectoryTouch> OfCertificate(DirectoryState state, Fingerprint sha256) =>
        state.FindCertificate(sha256) is { } certificate ? [Of(certificate.Holder)] : [];
}
