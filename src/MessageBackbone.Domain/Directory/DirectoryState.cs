using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Directory;

/// <summary>
/// Who takes part, as of one position of the log: an immutable snapshot, so a reader keeps one while the next is made. Folded from stream <c>directory</c> and
/// from every <c>bureau-{code}</c> by <see cref="DirectoryFolding"/>.
/// </summary>
public sealed record DirectoryState
{
    private static readonly ImmutableSortedSet<string> NoBureaus = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Nobody but the founders.</summary>
    public static DirectoryState Founded(IEnumerable<Founder> founders) => founders.Aggregate(new DirectoryState(), (state, founder) =>
        DirectoryFolding.Enrol(state, founder.Holder, founder.Use, founder.Der, founder.KeySha256, DateTimeOffset.UnixEpoch));

    /// <summary>The last event folded.</summary>
    public ulong Position { get; init; }

    public ImmutableDictionary<string, RegisteredBureau> Bureaus { get; init; } = ImmutableDictionary.Create<string, RegisteredBureau>(StringComparer.Ordinal);

    public ImmutableDictionary<Fingerprint, EnrolledCertificate> Certificates { get; init; } = ImmutableDictionary<Fingerprint, EnrolledCertificate>.Empty;

    /// <summary>Every key ever enrolled, for anyone.</summary>
    public ImmutableHashSet<Fingerprint> Keys { get; init; } = [];

    public ImmutableDictionary<string, Topic> Topics { get; init; } = ImmutableDictionary.Create<string, Topic>(StringComparer.Ordinal);

    public ExchangePolicy Policy { get; init; } = ExchangePolicy.Default;

    public ImmutableDictionary<string, RecordedAct> Acts { get; init; } = ImmutableDictionary.Create<string, RecordedAct>(StringComparer.Ordinal);

    internal ImmutableDictionary<Holder, ImmutableList<Fingerprint>> ByHolder { get; init; } = ImmutableDictionary<Holder, ImmutableList<Fingerprint>>.Empty;

    /// <summary>Who asked for a topic, whether or not it is open to them now.</summary>
    internal ImmutableDictionary<string, ImmutableSortedSet<string>> Wishes { get; init; } =
        ImmutableDictionary.Create<string, ImmutableSortedSet<string>>(StringComparer.Ordinal);

    public IEnumerable<Holder> Holders => ByHolder.Keys;

    /// <summary>Null: never registered.</summary>
    public RegisteredBureau? Bureau(string code) => Bureaus.GetValueOrDefault(code);

    /// <summary>Registered and not closed.</summary>
    public bool TakesPart(string code) => Bureaus.TryGetValue(code, out var bureau) && !bureau.Closed;

    /// <summary>Null: never enrolled. A revoked one is found.</summary>
    public EnrolledCertificate? FindCertificate(Fingerprint sha256) => Certificates.GetValueOrDefault(sha256);

    /// <summary>Every certificate ever enrolled for the holder, newest first, revoked ones too.</summary>
    public IEnumerable<EnrolledCertificate> CertificatesOf(Holder holder) => ByHolder.TryGetValue(holder, out var owned)
        ? owned.Reverse().Select(sha256 => Certificates[sha256])
        : [];

    /// <summary>The bureau's unrevoked seal certificates, newest first: senders seal to the first.</summary>
    public IEnumerable<EnrolledCertificate> SealCertificates(string bureau) =>
        CertificatesOf(new Holder(HolderRole.Bureau, bureau)).Where(c => c is { Use: CertificateUse.Seal, IsRevoked: false });

    /// <summary>The certificate is the holder's, for TLS, not revoked, and a bureau is not closed. Validity in time is the certificate's own matter.</summary>
    public bool IsEnrolled(Holder holder, Fingerprint tlsCertificate) =>
        FindCertificate(tlsCertificate) is { Use: CertificateUse.Tls, IsRevoked: false } certificate
        && certificate.Holder == holder
        && (holder.Role != HolderRole.Bureau || TakesPart(holder.Name));

    public bool MayExchange(string from, string to, string kind) => Policy.MayExchange(from, to, kind);

    public bool IsClearKind(string kind) => Policy.IsClearKind(kind);

    public bool MaySubscribe(string bureau, string topic) => TakesPart(bureau) && Topics.TryGetValue(topic, out var known) && known.IsOpenTo(bureau);

    /// <summary>Who gets what is sent to the topic now, sorted: subscribed, still allowed, not closed.</summary>
    public IReadOnlyList<string> TopicSubscribers(string topic) => Topics.TryGetValue(topic, out var known)
        ? [.. Wishes.GetValueOrDefault(topic, NoBureaus).Where(bureau => known.IsOpenTo(bureau) && TakesPart(bureau))]
        : [];

    /// <summary>The topics that the bureau gets now, sorted.</summary>
    public IReadOnlyList<string> TopicsOf(string bureau) => TakesPart(bureau)
        ? [.. Wishes.Where(w => w.Value.Contains(bureau) && Topics.TryGetValue(w.Key, out var topic) && topic.IsOpenTo(bureau))
            .Select(w => w.Key).Order(StringComparer.Ordinal)]
        : [];

    internal DirectoryState WithWish(string bureau, string topic, bool wanted)
    {
        var bureaus = Wishes.GetValueOrDefault(topic, NoBureaus);
        return this with { Wishes = Wishes.SetItem(topic, wanted ? bureaus.Add(bureau) : bureaus.Remove(bureau)) };
    }

    internal DirectoryState WithBureau(string code, Func<RegisteredBureau, RegisteredBureau> change) => Bureaus.TryGetValue(code, out var bureau)
        ? this with { Bureaus = Bureaus.SetItem(code, change(bureau)) }
        : this;
}
