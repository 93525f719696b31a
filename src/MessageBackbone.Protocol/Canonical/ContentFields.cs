using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Canonical;

/// <summary>
/// The rules on what is sealed: fields 1 to 4 are compared with the header elsewhere. Decision 0030 says which controls a text may hold.
/// </summary>
public static class ContentFields
{
    public const int LongestSubject = 500;
    public const int LongestFileName = 255;
    public const int SaltSize = 32;

    public static IReadOnlyList<FieldProblem> Check(SealedContent content)
    {
        var checks = new FieldChecks();
        checks.Require(content.Salt.Length == SaltSize, "salt", "32 random bytes.");
        checks.Optional(
            content.Subject, s => Patterns.IsOneLine(s, LongestSubject), "subject", "One line of at most 500 characters without control characters.");
        checks.Require(
            Patterns.IsText(content.Text), "text", "No control characters but line feed, carriage return and tab, no bidirectional controls.");
        checks.Require(Patterns.IsText(content.HandlingNote), "handling_note",
            "No control characters but line feed, carriage return and tab, no bidirectional controls.");
        checks.Optional(content.MediaType, Patterns.IsMediaType, "media_type", "Empty, or [a-z0-9][a-z0-9.+/-]{0,126}.");
        checks.Optional(content.FileName, IsFileName, "file_name", "A name without folders, of at most 255 characters without control characters.");
        for (var i = 0; i < content.AttachmentKeys.Count; i++)
        {
            CheckKey(content.AttachmentKeys[i], $"attachment_keys[{i}]", checks);
        }
        return checks.Problems;
    }

    private static void CheckKey(AttachmentKey key, string path, FieldChecks checks)
    {
        checks.Digest(key.Sha256, $"{path}.sha256");
        checks.Require(IsFileName(key.Name), $"{path}.name", "A name without folders, of at most 255 characters without control characters.");
        checks.Require(key.Key.Length == 32, $"{path}.key", "32 bytes.");
        checks.Require(key.Iv.Length == 16, $"{path}.iv", "16 bytes.");
        checks.Digest(key.PlainSha256, $"{path}.plain_sha256");
        checks.Require(key.PlainSize <= HeaderFields.LargestAttachment, $"{path}.plain_size", "At most 10 GiB.");
    }

    /// <summary>A name without folders.</summary>
    public static bool IsFileName(string name) =>
        Patterns.IsOneLine(name, LongestFileName) && name is not ("." or "..") && name.AsSpan().IndexOfAny('/', '\\') < 0;
}
