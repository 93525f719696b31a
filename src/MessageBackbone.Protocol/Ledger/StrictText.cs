using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>Text of notes where one meaning has one form, so that what is read and written again gives the same bytes.</summary>
internal static class StrictText
{
    /// <summary>UTF-8 whose lines hold no control characters and nothing that turns or breaks a line unseen.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out string text)
    {
        text = "";
        if (!Utf8.IsValid(bytes))
            return false;
        text = Encoding.UTF8.GetString(bytes);
        foreach (var line in text.AsSpan().Split('\n'))
        {
            if (!Patterns.IsClean(text.AsSpan(line), lines: false))
                return false;
        }
        return true;
    }

    /// <summary>Base64 of RFC 4648 §4: padded, no white space, no bits left over.</summary>
    public static bool TryBase64(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64Chars(text, bytes, out var written))
            return false;
        bytes = bytes[..written];
        return text.SequenceEqual(Convert.ToBase64String(bytes)); // the framework reads white space and stray bits too
    }

    /// <summary>Decimal digits without leading zeros, at most <see cref="MerkleTree.LargestSize"/>.</summary>
    public static bool TrySize(ReadOnlySpan<char> text, out ulong size)
    {
        size = 0;
        return text.Length is > 0 and <= 19 && !text.ContainsAnyExceptInRange('0', '9') && (text[0] != '0' || text.Length == 1)
            && ulong.TryParse(text, out size) && size <= MerkleTree.LargestSize;
    }
}
