using System.Diagnostics;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Directory;

/// <summary>What the secretariat may do. All acts share stream <c>directory</c> (decision 0001), so a rule over all bureaus holds.</summary>
public static class DirectoryDecider
{
    public static Decision Decide(DirectoryState state, DirectoryAct act)
    {
        if (state.Acts.TryGetValue(act.ActId, out var recorded))
        {
            return recorded.Order == Fingerprint.Of(act.Order.Span)
                ? Decision.Nothing
                : Decision.No(Reasons.DuplicateIdDifferentBytes, "Another act has this id. Give this one a new act_id and sign it again.", "act_id");
        }

        return act switch
        {
            DirectoryAct.Register a => Register(state, a),
            DirectoryAct.Enrol a => Enrol(state, a),
            DirectoryAct.Revoke a => Revoke(state, a),
            DirectoryAct.SetPolicy a => ActFields.Problem(a.Act) ?? Decision.Of(new ExchangePolicySet { Order = a.Order, Act = a.Act }),
            DirectoryAct.Allow a => Allow(state, a),
            DirectoryAct.Close a => Close(state, a),
            _ => throw new UnreachableException($"The directory has no case for {act.GetType().Name}."),
        };
    }

    private static Decision Register(DirectoryState state, DirectoryAct.Register a) =>
        ActFields.Problem(a.Act)
        ?? (state.Bureau(a.Act.Code) is { Closed: true } ? Closed("code") : Decision.Of(new BureauRegistered { Order = a.Order, Act = a.Act }));

    private static Decision Enrol(DirectoryState state, DirectoryAct.Enrol a)
    {
        if (ActFields.Problem(a.Act, a.Holder) is { } problem)
        {
            return problem;
        }

        if (a.Holder.Role == HolderRole.Bureau && state.Bureau(a.Holder.Name) is not { Closed: false })
        {
            return state.Bureau(a.Holder.Name) is null ? Unknown("certificate") : Closed("certificate");
        }

        return state.Keys.Contains(a.KeySha256)
            ? Decision.No(Reasons.FieldInvalid, "This key was enrolled before, for this holder or another. Make a new key for every certificate.", "certificate")
            : Decision.Of(new CertificateEnrolled
            {
                Order = a.Order,
                Act = a.Act,
                Role = a.Holder.RoleName,
                Name = a.Holder.Name,
                CertificateSha256 = Fingerprint.Of(a.Act.Certificate.Span).ToByteString(),
                KeySha256 = a.KeySha256.ToByteString(),
                EnrolledAt = a.Now.ToTimestamp(),
            });
    }

    private static Decision Revoke(DirectoryState state, DirectoryAct.Revoke a)
    {
        if (ActFields.Problem(a.Act) is { } problem)
        {
            return problem;
        }

        return state.FindCertificate(Fingerprint.Read(a.Act.CertificateSha256.Span)) switch
        {
            null => Decision.No(Reasons.FieldInvalid, "No certificate with this hash was ever enrolled.", "certificate_sha256"),
            { IsRevoked: true } => Decision.No(Reasons.FieldInvalid, "This certificate was revoked before, for good.", "certificate_sha256"),
            _ => Decision.Of(new CertificateRevoked { Order = a.Order, Act = a.Act, RevokedAt = a.Now.ToTimestamp() }),
        };
    }

    private static Decision Allow(DirectoryState state, DirectoryAct.Allow a) =>
        ActFields.Problem(a.Act)
        ?? (a.Act.Subscribers.Any(code => state.Bureau(code) is null)
            ? Unknown("subscribers")
            : Decision.Of(new TopicAllowed { Order = a.Order, Act = a.Act }));

    private static Decision Close(DirectoryState state, DirectoryAct.Close a) =>
        ActFields.Problem(a.Act) ?? state.Bureau(a.Act.Code) switch
        {
            null => Unknown("code"),
            { Closed: true } => Closed("code"),
            _ => Decision.Of(new BureauClosed { Order = a.Order, Act = a.Act }),
        };

    private static Decision Unknown(string field) =>
        Decision.No(Reasons.UnknownBureau, "The directory has no such bureau. Register it first.", field);

    private static Decision Closed(string field) =>
        Decision.No(Reasons.FieldInvalid, "This bureau was closed for good. Register its successor under a new code.", field);
}
