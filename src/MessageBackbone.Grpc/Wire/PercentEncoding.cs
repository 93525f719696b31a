using System.Buffers;
using System.Globalization;
using System.Text;

namespace MessageBackbone.GrpcWire;

// grpc-message: UTF-8, everything but printable ASCII (and '%' itself) as %XX. Reading is lenient, as the protocol asks.
internal static class PercentEncoding
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " !\"#$&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    public static string Encode(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(Plain))
            return text;
        var encoded = new StringBuilder(text.Length + 32);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (b is >= 0x20 and <= 0x7E and not (byte)'%')
                encoded.Append((char)b);
            else
                encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    public static string Decode(string text)
    {
        if (!text.Contains('%'))
            return text;
        var bytes = new ArrayBufferWriter<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && byte.TryParse(
                    text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var decoded))
            {
                bytes.Write([decoded]);
                i += 2;
            }
            else
            {
                Encoding.UTF8.GetBytes(text.AsSpan(i, 1), bytes);
            }
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
