using Google.Protobuf;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Directory;

/// <summary>
/// An act of the secretariat. Verified before: the signature by an enrolled, unrevoked sign certificate of role <c>secretariat</c>, the canonical form, and that
/// <c>at</c> is no older and no newer than a header's <c>created_at</c> may be.
/// </summary>
/// <param name="ActId">The idempotency key.</param>
/// <param name="Order">The signed act as received.</param>
public abstract record DirectoryAct(string ActId, ByteString Order)
{
    public sealed record Register(RegisterBureau Act, ByteString Order) : DirectoryAct(Act.ActId, Order);

    /// <param name="Holder">Whom the certificate names; its profile and chain were judged for that role and use.</param>
    /// <param name="KeySha256">SHA-256 of its SubjectPublicKeyInfo.</param>
    public sealed record Enrol(EnrolCertificate Act, ByteString Order, Holder Holder, Fingerprint KeySha256, DateTimeOffset Now) : DirectoryAct(Act.ActId, Order);

    public sealed record Revoke(RevokeCertificate Act, ByteString Order, DateTimeOffset Now) : DirectoryAct(Act.ActId, Order);

    public sealed record SetPolicy(SetExchangePolicy Act, ByteString Order) : DirectoryAct(Act.ActId, Order);

    public sealed record Allow(AllowTopic Act, ByteString Order) : DirectoryAct(Act.ActId, Order);

    public sealed record Close(CloseBureau Act, ByteString Order) : DirectoryAct(Act.ActId, Order);
}
