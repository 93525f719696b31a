using System.Collections.Immutable;
using Google.Protobuf;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Directory;

/// <summary>A bureau as registered.</summary>
public sealed record RegisteredBureau(string Code, string DisplayName, Classification HighestClassification, bool Closed, uint Contract);

/// <summary>A certificate that the secretariat enrolled, or one of the node's configuration (a founder).</summary>
/// <param name="Order">Counts enrolments; the newest has the highest.</param>
public sealed record EnrolledCertificate(
    Holder Holder,
    CertificateUse Use,
    ByteString Der,
    Fingerprint Sha256,
    Fingerprint KeySha256,
    DateTimeOffset EnrolledAt,
    int Order)
{
    public Revocation? Revocation { get; init; }

    public bool IsRevoked => Revocation is not null;
}

/// <param name="InvalidSince">From then on the key is not to be trusted; at or before the act's time.</param>
public sealed record Revocation(DateTimeOffset RevokedAt, DateTimeOffset InvalidSince, string Reason);

/// <param name="Allowed">Who may subscribe; empty: every registered bureau.</param>
public sealed record Topic(string Name, ImmutableSortedSet<string> Allowed)
{
    public bool IsOpenTo(string bureau) => Allowed.IsEmpty || Allowed.Contains(bureau);
}

/// <summary>An act that was recorded: the same id with the same bytes is a repeat.</summary>
public sealed record RecordedAct(Fingerprint Order, ulong Position);

/// <summary>A certificate that is valid by configuration, before any act: the secretariat's first ones.</summary>
public sealed record Founder(Holder Holder, CertificateUse Use, ByteString Der, Fingerprint KeySha256);
