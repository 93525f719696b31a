using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;

namespace MessageBackbone.Protocol.Canonical;

/// <summary>
/// The one form of everything signed or sealed (wire.md §1): field 100 is the message's full name, and parsing with unknown fields discarded and
/// serializing
/// again gives the same bytes. So nobody can hide a restriction in an unknown field, and two parsers cannot read two meanings.
/// </summary>
public static class CanonicalMessage
{
    private const int TypeField = 100;

    // An empty sub-message is two bytes on the wire and some 70 in memory: the count is bounded before anything is built.
    private const int MostFields = 50_000;

    /// <summary>
    /// Never throws on any bytes. Says nothing of the fields' values: empty sub-messages, unknown enum values and NUL survive this test.
    /// </summary>
    public static bool TryParse<T>(ReadOnlyMemory<byte> bytes, MessageParser<T> parser, [NotNullWhen(true)] out T? message, out string problem)
        where T : class, IMessage<T>
    {
        message = null;
        try
        {
            if (!HasFewFields(bytes.Span))
            {
                problem = "The message has too many fields.";
                return false;
            }
            var read = parser.WithDiscardUnknownFields(true).ParseFrom(bytes.Span);
            problem = Check(read, bytes.Span);
            message = problem.Length == 0 ? read : null;
        }
        catch (InvalidProtocolBufferException)
        {
            problem = "The bytes are no protocol buffer.";
        }
        return message is not null;
    }

    /// <summary>Sets the field <c>type</c> of <paramref name="message"/> and serializes it.</summary>
    /// <exception cref="ArgumentException">The message has no field <c>type</c>: it is none that is signed or sealed.</exception>
    public static byte[] Write(IMessage message)
    {
        var type = message.Descriptor.FindFieldByNumber(TypeField)
            ?? throw new ArgumentException($"{message.Descriptor.FullName} has no field `type`.");
        type.Accessor.SetValue(message, message.Descriptor.FullName);
        return message.ToByteArray();
    }

    private static string Check(IMessage message, ReadOnlySpan<byte> bytes)
    {
        var descriptor = message.Descriptor;
        if (descriptor.FindFieldByNumber(TypeField)?.Accessor.GetValue(message) as string != descriptor.FullName)
            return $"Field 100 `type` is not \"{descriptor.FullName}\".";
        return message.ToByteArray().AsSpan().SequenceEqual(bytes)
            ? ""
            : "The message is not canonical: parsed and written again it has other bytes.";
    }

    private static bool HasFewFields(ReadOnlySpan<byte> bytes)
    {
        var input = new WireScan(bytes);
        var count = 0;
        while (input.TrySkipField())
        {
            if (++count > MostFields)
                return false;
        }
        return true;
    }

    /// <summary>Walks over top-level fields; stops at the first that is no protocol buffer, which the parser then refuses.</summary>
    private ref struct WireScan(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public bool TrySkipField()
        {
            if (!TryVarint(out var tag))
                return false;
            switch (tag & 7)
            {
                case 0:
                    return TryVarint(out _);
                case 1:
                    return TrySkip(8);
                case 2:
                    return TryVarint(out var length) && TrySkip(length);
                case 5:
                    return TrySkip(4);
                default:
                    return false; // groups: no message of the contract has one, and a group is not canonical
            }
        }

        private bool TryVarint(out ulong value)
        {
            value = 0;
            for (var i = 0; i < 10 && i < _rest.Length; i++)
            {
                value |= (ulong)(_rest[i] & 0x7f) << (7 * i);
                if (_rest[i] < 0x80)
                {
                    _rest = _rest[(i + 1)..];
                    return true;
                }
            }
            return false;
        }

        private bool TrySkip(ulong length)
        {
            if (length > (ulong)_rest.Length)
                return false;
            _rest = _rest[(int)length..];
            return true;
        }
    }
}
