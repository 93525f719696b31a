using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Directory;

/// <summary>Acts as the secretariat would sign them; what is signed here is the act's own bytes.</summary>
internal static class Acts
{
    private static readonly Timestamp At = Sample.Noon.ToTimestamp();

    public static DirectoryAct Register(int id, string code, Classification highest = Classification.Restricted)
    {
        var act = new RegisterBureau { ActId = Sample.ActId(id), At = At, Code = code, DisplayName = $"Bureau {code}", HighestClassification = highest };
        return new DirectoryAct.Register(act, act.ToByteString());
    }

    /// <param name="key">Stands for the key and the certificate over it.</param>
    public static DirectoryAct Enrol(int id, string bureau, byte key, CertificateUse use = CertificateUse.Seal, HolderRole role = HolderRole.Bureau)
    {
        var act = new EnrolCertificate { ActId = Sample.ActId(id), At = At, Certificate = Certificate(key), Use = use };
        return new DirectoryAct.Enrol(act, act.ToByteString(), new Holder(role, bureau), Fingerprint.Of([key]), Sample.Noon);
    }

    public static ByteString Certificate(byte key) => ByteString.CopyFrom(key, key);

    public static Fingerprint CertificateHash(byte key) => Fingerprint.Of(Certificate(key).Span);

    public static DirectoryAct Revoke(int id, byte key, TimeSpan sinceAfterAt = default)
    {
        var act = new RevokeCertificate
        {
            ActId = Sample.ActId(id),
            At = At,
            CertificateSha256 = CertificateHash(key).ToByteString(),
            InvalidSince = (Sample.Noon + sinceAfterAt).ToTimestamp(),
            Reason = "KEY_COMPROMISE",
        };
        return new DirectoryAct.Revoke(act, act.ToByteString(), Sample.Noon);
    }

    public static DirectoryAct Policy(int id, params ExchangeRule[] rules)
    {
        var act = new SetExchangePolicy { ActId = Sample.ActId(id), At = At, Rules = { rules }, ClearKinds = { "notice.green" } };
        return new DirectoryAct.SetPolicy(act, act.ToByteString());
    }

    public static ExchangeRule Rule(string from, string to, ExchangeEffect effect, params string[] kinds) =>
        new() { From = from, To = to, Effect = effect, Kinds = { kinds } };

    public static DirectoryAct Allow(int id, string topic, params string[] bureaus)
    {
        var act = new AllowTopic { ActId = Sample.ActId(id), At = At, Topic = topic, Subscribers = { bureaus } };
        return new DirectoryAct.Allow(act, act.ToByteString());
    }

    public static DirectoryAct Close(int id, string code)
    {
        var act = new CloseBureau { ActId = Sample.ActId(id), At = At, Code = code, Reason = "MERGED" };
        return new DirectoryAct.Close(act, act.ToByteString());
    }

    public static DirectoryState Given(params DirectoryAct[] acts) => acts.Aggregate(DirectoryState.Founded([]), After);

    public static DirectoryState After(this DirectoryState state, DirectoryAct act) => DirectoryDecider.Decide(state, act).Facts().Aggregate(state, Evolve);

    public static DirectoryState Evolve(DirectoryState state, IMessage @event) => DirectoryFolding.Evolve(state, @event, state.Position + 1);
}
