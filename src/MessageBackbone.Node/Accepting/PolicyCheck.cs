using MessageBackbone.Domain.Directory;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>Who may send what to whom, and how secret it may be.</summary>
internal static class PolicyCheck
{
    public static void Require(Submission submission, DirectoryState directory)
    {
        var header = submission.Header;
        if (submission.Named.FirstOrDefault(bureau => !directory.MayExchange(header.From, bureau, header.Kind)) is { } barred)
        {
            throw Refuse(Reasons.ExchangeNotPermitted, "The exchange policy lets you send no message of this kind to a recipient. Take it out.", "to", barred);
        }

        if (header.BodyForm == BodyForm.Clear && !directory.IsClearKind(header.Kind))
        {
            throw new RefusalException(Reasons.ClassificationNotPermitted, "A message of this kind must be sealed.", ["body_form"]);
        }

        if (submission.Named.Prepend(header.From).FirstOrDefault(bureau => directory.Bureau(bureau)!.HighestClassification < header.Handling.Classification) is { } low)
        {
            throw Refuse(
                Reasons.ClassificationNotPermitted, "The classification is above the highest that a bureau may send or receive.", "handling.classification", low);
        }
    }

    private static RefusalException Refuse(string reason, string text, string field, string bureau) =>
        new(reason, text, [field], metadata: new Dictionary<string, string> { ["bureau"] = bureau });
}
