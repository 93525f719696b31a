using System.Buffers.Text;
using System.Text;
using Google.Protobuf;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Attachments;

/// <summary>
/// A file that is encrypted and on disk, ready to go with a message. Its key is here and nowhere on the gateway's disk: it goes into the sealed content, and until
/// then only the caller has it.
/// </summary>
/// <param name="Key">Also the file's name and hashes.</param>
public sealed record StagedAttachment(Guid File, AttachmentKey Key, string MediaType, long Size)
{
    private const int LongestToken = 4096;

    /// <summary>For a caller who gives it back with the message.</summary>
    public string ToToken() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{File:N}\n{MediaType}\n{Size}\n{Key.ToByteString().ToBase64()}"));

    /// <summary>Null: it is no token of a gateway.</summary>
    public static StagedAttachment? Read(string token)
    {
        try
        {
            if (token.Length > LongestToken) return null;
            var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)).Split('\n');
            return parts.Length == 4 && Guid.TryParseExact(parts[0], "N", out var file) && long.TryParse(parts[2], out var size)
                ? new StagedAttachment(file, AttachmentKey.Parser.ParseFrom(Convert.FromBase64String(parts[3])), parts[1], size)
                : null;
        }
        catch (Exception broken) when (broken is FormatException or InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
