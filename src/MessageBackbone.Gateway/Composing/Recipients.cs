using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Composing;

/// <summary>Decides by the verified copy of the directory who gets a message, and to which keys it is sealed. Default is deny.</summary>
internal sealed class Recipients(KeyRing keys, DirectoryBook directory)
{
    private const int Most = 500;

    /// <summary>The topic's subscribers that are not named already; this bureau is not among them: nobody sends to itself by subscribing.</summary>
    public async Task<IReadOnlyList<string>> OfTopicAsync(string topic, IEnumerable<string> named, CancellationToken cancellationToken)
    {
        if (topic.Length == 0) return [];
        var subscribers = await ResolveAsync(topic, cancellationToken);
        return [.. subscribers.Where(Patterns.IsBureauCode).Except(named, StringComparer.Ordinal).Where(s => s != keys.Bureau.Value).Order(StringComparer.Ordinal)];
    }

    /// <summary>Throws <see cref="DraftRefusedException"/> for the first recipient that may not get it.</summary>
    public void Check(MessageHeader header)
    {
        var copy = directory.Copy;
        if (header.To.Count + header.Info.Count + header.Alternates.Count > Most)
            throw new DraftRefusedException(Reasons.TooManyRecipients, "A message has at most 500 recipients: send it in parts.", ["to", "info"]);
        if (header.BodyForm == BodyForm.Clear && !copy.IsClearKind(header.Kind))
            throw new DraftRefusedException(Reasons.ClassificationNotPermitted, "The exchange policy does not let this kind travel unsealed.", ["body_form", "kind"]);
        foreach (var (code, path) in header.To.Select((c, i) => (c, $"to[{i}]")).Concat(header.Info.Select((c, i) => (c, $"info[{i}]")))
                     .Concat(header.Alternates.Select((a, i) => (a.Bureau, $"alternates[{i}].bureau"))))
            Check(copy, header, code, path);
    }

    /// <summary>One certificate for each recipient, and this bureau's own, so that it can read and seal again what it sent.</summary>
    public IReadOnlyList<X509Certificate2> SealTo(MessageHeader header, DateTimeOffset at)
    {
        if (header.BodyForm == BodyForm.Clear) return [];
        var codes = header.To.Concat(header.Info).Concat(header.Alternates.Select(a => a.Bureau)).ToList();
        var certificates = codes.ConvertAll(code => SealCertificate(code, at));
        if (!codes.Contains(keys.Bureau.Value)) certificates.Add(keys.Keys.Seal!);
        return certificates;
    }

    private async Task<IReadOnlyList<string>> ResolveAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            return await directory.SubscribersAsync(topic, cancellationToken);
        }
        catch (Grpc.Core.RpcException fault) when (NodeRefusal.Of(fault) is { } refusal)
        {
            throw new DraftRefusedException(refusal.Reason, refusal.Text, ["topic"]);
        }
    }

    private static void Check(DirectoryCopy copy, MessageHeader header, string code, string path)
    {
        if (!copy.Bureaus.TryGetValue(code, out var bureau) || bureau.Closed)
            throw new DraftRefusedException(Reasons.UnknownRecipient, "The directory has no such bureau, or it is closed.", [path]);
        if (header.Handling.Classification > bureau.HighestClassification)
            throw new DraftRefusedException(Reasons.ClassificationNotPermitted, "The recipient may not receive this classification.", [path, "handling.classification"]);
        if (!copy.MayExchange(header.From, code, header.Kind))
            throw new DraftRefusedException(Reasons.ExchangeNotPermitted, "The exchange policy does not permit this kind to this recipient.", [path, "kind"]);
    }

    // Only the newest that the directory does not call revoked: the node accepts no other, so an older one that would pass is no way out.
    private X509Certificate2 SealCertificate(string code, DateTimeOffset at)
    {
        var bureau = directory.Copy.Bureaus.GetValueOrDefault(code);
        var newest = bureau?.Certificates.Where(c => c is { Use: CertificateUse.Seal, RevokedAt: null }).OrderByDescending(c => c.EnrolledAt).FirstOrDefault();
        if (newest is null)
            throw NotVouched(code, bureau?.KeptOut.FirstOrDefault(k => k.Use == CertificateUse.Seal)?.Problem ?? "It has none.");
        var verdict = keys.Anchor.Judge(newest.Certificate, CertificateUse.Seal, at, HolderRole.Bureau);
        if (!verdict.Ok) throw NotVouched(code, verdict.Problem);
        return verdict.Holder.Name == code ? newest.Certificate : throw NotVouched(code, "It names another holder.");
    }

    private static DraftRefusedException NotVouched(string code, string problem) => new(
        DraftRefusedException.NotVouchedFor, $"There is no seal certificate of {code} that this bureau's own certificate authority vouches for: {problem}", ["to", "info"]);
}
