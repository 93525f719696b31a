using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Directory;

internal sealed record KnownBureau(
    string Code, string DisplayName, Classification HighestClassification, bool Closed, IReadOnlyList<VouchedCertificate> Certificates, IReadOnlyList<KeptOut> KeptOut);

internal sealed record KnownTopic(string Topic, IReadOnlyList<string> Subscribers);

/// <summary>The directory as this gateway believes it: only certificates that its own CA vouches for. Immutable.</summary>
internal sealed record DirectoryCopy(
    ulong Position, ImmutableDictionary<string, KnownBureau> Bureaus, ImmutableDictionary<Holder, IReadOnlyList<VouchedCertificate>> Others,
    ImmutableDictionary<string, KnownTopic> Topics, PolicyEntry? Policy)
{
    public static DirectoryCopy Empty { get; } = new(0, ImmutableDictionary<string, KnownBureau>.Empty.WithComparers(StringComparer.Ordinal),
        ImmutableDictionary<Holder, IReadOnlyList<VouchedCertificate>>.Empty,
        ImmutableDictionary<string, KnownTopic>.Empty.WithComparers(StringComparer.Ordinal), null);

    /// <summary>All sign certificates ever enrolled for the bureau, also replaced and revoked ones.</summary>
    public IEnumerable<VouchedCertificate> SignCertificates(string bureau) =>
        Bureaus.TryGetValue(bureau, out var known) ? known.Certificates.Where(c => c.Use == CertificateUse.Sign) : [];

    public IEnumerable<VouchedCertificate> NodeSignCertificates() =>
        Others.Where(o => o.Key.Role == HolderRole.Node).SelectMany(o => o.Value).Where(c => c.Use == CertificateUse.Sign);

    public bool IsClearKind(string kind) => ControlKinds.Has(kind) || (Policy is null ? kind == "alert.cap" : Policy.ClearKinds.Contains(kind));

    /// <summary>The first rule that fits decides; where none fits, enrolled bureaus may exchange.</summary>
    public bool MayExchange(string from, string to, string kind)
    {
        var rule = Policy?.Rules.FirstOrDefault(r =>
            (r.From == "*" || r.From == from) && (r.To == "*" || r.To == to) && (r.Kinds.Count == 0 || r.Kinds.Contains(kind)));
        return rule is null || rule.Effect == ExchangeEffect.Allow;
    }

    public DirectoryCopy With(DirectoryUpdate update, TrustAnchor anchor)
    {
        var moved = this with { Position = Math.Max(Position, update.Position) };
        return update.EntryCase switch
        {
            DirectoryUpdate.EntryOneofCase.Bureau => moved.With(update.Bureau, anchor),
            DirectoryUpdate.EntryOneofCase.Holder => moved.With(update.Holder, anchor),
            DirectoryUpdate.EntryOneofCase.Topic => moved with { Topics = Topics.SetItem(update.Topic.Topic, new KnownTopic(update.Topic.Topic, [.. update.Topic.Subscribers])) },
            DirectoryUpdate.EntryOneofCase.Policy => moved with { Policy = update.Policy },
            _ => moved,
        };
    }

    /// <summary>
    /// The update with the revocations that are known here and missing there: a node that is set back, or lies, cannot make a revoked key good again. What is
    /// stored is this, so that a restart does not forget it.
    /// </summary>
    public DirectoryUpdate Remembering(DirectoryUpdate update)
    {
        if (update.Bureau is not { } bureau || !Bureaus.TryGetValue(bureau.Code, out var known)) return update;
        var revoked = BySha256([.. known.Certificates.Where(c => c.RevokedAt is not null)]);
        if (revoked.Count == 0) return update;
        var kept = update.Clone();
        foreach (var entry in kept.Bureau.Certificates.Where(c => c.RevokedAt is null))
        {
            if (!revoked.TryGetValue(Digests.Sha256Hex(entry.Certificate.Span), out var before)) continue;
            entry.RevokedAt = Timestamp.FromDateTimeOffset(before.RevokedAt!.Value);
            entry.InvalidSince = before.InvalidSince is { } since ? Timestamp.FromDateTimeOffset(since) : null;
        }
        return kept;
    }

    private DirectoryCopy With(BureauEntry entry, TrustAnchor anchor)
    {
        if (!BureauCode.TryParse(entry.Code, out var code)) return this;
        var before = Bureaus.TryGetValue(entry.Code, out var known) ? BySha256(known.Certificates) : [];
        var (vouched, keptOut) = Vouching.Judge(entry.Certificates, Holder.Bureau(code.Value), anchor, before);
        return this with
        {
            Bureaus = Bureaus.SetItem(code.Value, new KnownBureau(code.Value, entry.DisplayName, entry.HighestClassification, entry.Closed, vouched, keptOut)),
        };
    }

    private DirectoryCopy With(HolderEntry entry, TrustAnchor anchor)
    {
        if (!Holder.TryParse($"urn:backbone:{entry.Role}:{entry.Name}", out var holder) || holder.Role == HolderRole.Bureau) return this;
        var before = Others.TryGetValue(holder, out var known) ? BySha256(known) : [];
        return this with { Others = Others.SetItem(holder, Vouching.Judge(entry.Certificates, holder, anchor, before).Vouched) };
    }

    private static Dictionary<string, VouchedCertificate> BySha256(IReadOnlyList<VouchedCertificate> certificates) =>
        certificates.DistinctBy(c => c.Sha256).ToDictionary(c => c.Sha256, StringComparer.Ordinal);
}
