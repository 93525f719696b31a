using System.Runtime.CompilerServices;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>Everybody named takes part, the topic's subscribers are who they were, and the body is sealed to exactly those.</summary>
internal static class RecipientCheck
{
    // By the entry itself: a certificate that leaves the directory's state takes its keys with it.
    private static readonly ConditionalWeakTable<Google.Protobuf.ByteString, IReadOnlyList<string>> Keys = [];

    public static void Require(Submission submission, SealedBody? body, DirectoryState directory)
    {
        if (submission.Named.FirstOrDefault(bureau => !directory.TakesPart(bureau)) is { } unknown)
        {
            throw Unknown(unknown, "A recipient is not registered or was closed. Take it out, or ask the secretariat.");
        }

        RequireTopic(submission.Header, directory);
        if (body is not null)
        {
            RequireSealedTo(submission, body, directory);
        }
    }

    // With a topic, `info` is exactly its subscribers, except for who is the sender or must act anyway: decision 0040.
    private static void RequireTopic(MessageHeader header, DirectoryState directory)
    {
        if (header.Topic.Length == 0)
        {
            return;
        }

        if (!directory.Topics.ContainsKey(header.Topic))
        {
            throw new RefusalException(Reasons.FieldInvalid, "There is no such topic. The directory lists those that the secretariat opened.", ["topic"]);
        }

        var wanted = directory.TopicSubscribers(header.Topic).Except(header.To.Append(header.From), StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        var added = wanted.Except(header.Info, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var removed = header.Info.Where(bureau => !wanted.Contains(bureau)).Order(StringComparer.Ordinal).ToList();
        if (added.Count + removed.Count > 0)
        {
            throw Changed(
                "The topic's subscribers are others now. Resolve it again, seal to them, and sign under a new id.", "info", ("added", added), ("removed", removed));
        }
    }

    private static void RequireSealedTo(Submission submission, SealedBody body, DirectoryState directory)
    {
        var sealedTo = body.Recipients.Select(recipient => recipient.Key).ToHashSet(StringComparer.Ordinal);
        List<string> missing = [], replaced = [];
        foreach (var bureau in submission.Named)
        {
            var newest = directory.SealCertificates(bureau).FirstOrDefault()
                ?? throw Unknown(bureau, "A recipient has no seal certificate. Take it out, or ask the secretariat.");
            if (!Take(sealedTo, newest))
            {
                (TakeOlder(sealedTo, bureau, newest, directory) ? replaced : missing).Add(bureau);
            }
        }

        if (replaced.Count > 0)
        {
            throw Changed(
                "A recipient's seal certificate was replaced or revoked. Seal to the newest one and sign under a new id.", "envelope.body", ("replaced", replaced));
        }

        // The sender may be able to read its own message, with any one of its own certificates.
        var own = directory.CertificatesOf(submission.Caller.Holder).Any(certificate => certificate.Use == CertificateUse.Seal && Take(sealedTo, certificate));
        if (missing.Count > 0 || sealedTo.Count > 0)
        {
            throw new RefusalException(
                Reasons.BodyMismatch,
                own || missing.Count > 0
                    ? "The body is not sealed to exactly the recipients of the header, each once, and at most the sender. Seal it again."
                    : "The body is sealed to somebody whom the header does not name. Seal it again.",
                ["envelope.body"]);
        }
    }

    private static bool Take(HashSet<string> sealedTo, EnrolledCertificate certificate) =>
        Keys.GetValue(certificate.Der, static der => SealedRecipient.KeysOf(der.Memory)).Any(sealedTo.Remove);

    private static bool TakeOlder(HashSet<string> sealedTo, string bureau, EnrolledCertificate newest, DirectoryState directory) =>
        directory.CertificatesOf(new Holder(HolderRole.Bureau, bureau))
            .Any(certificate => certificate.Use == CertificateUse.Seal && certificate.Sha256 != newest.Sha256 && Take(sealedTo, certificate));

    // Only well-formed codes get here: the field checks came before.
    private static RefusalException Unknown(string bureau, string text) =>
        new(Reasons.UnknownRecipient, text, ["to"], metadata: new Dictionary<string, string> { ["bureau"] = bureau });

    private static RefusalException Changed(string text, string field, params IEnumerable<(string Key, List<string> Bureaus)> changes) =>
        new(Reasons.DirectoryChanged, text, [field], metadata: changes.ToDictionary(change => change.Key, change => string.Join(',', change.Bureaus)));
}
