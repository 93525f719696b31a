using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>One signature line of a C2SP signed note: em dash, space, key name, space, base64 of key ID ‖ signature. Read, not verified.</summary>
public sealed class NoteSignature
{
    private const string Start = "\u2014 ";
    private const int KeyIdSize = sizeof(uint);

    private readonly byte[] _idAndSignature;

    private NoteSignature(string name, byte[] idAndSignature)
    {
        Name = name;
        _idAndSignature = idAndSignature;
    }

    /// <summary>The key's name; with <see cref="KeyId"/> it tells which key signed.</summary>
    public string Name { get; }

    /// <summary>A hint for finding the key, no proof of anything: anybody can make a key with a given ID.</summary>
    public uint KeyId => BinaryPrimitives.ReadUInt32BigEndian(_idAndSignature);

    /// <summary>What follows on the key ID; its form is the key's affair.</summary>
    public ReadOnlyMemory<byte> Signature => _idAndSignature.AsMemory(KeyIdSize);

    /// <summary>The whole line with its LF.</summary>
    public string Line => $"{Start}{Name} {Convert.ToBase64String(_idAndSignature)}\n";

    /// <exception cref="ArgumentException">The name is no key name, or there is no signature.</exception>
    public static NoteSignature Create(string name, uint keyId, ReadOnlySpan<byte> signature)
    {
        if (!IsKeyName(name) || signature.IsEmpty)
            throw new ArgumentException("A signature line has a key name without spaces and plus signs, and a signature.");
        var bytes = new byte[KeyIdSize + signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, keyId);
        signature.CopyTo(bytes.AsSpan(KeyIdSize));
        return new NoteSignature(name, bytes);
    }

    /// <summary>Reads one whole line with its LF, as it comes in a Cosignature. Never throws on any bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, [NotNullWhen(true)] out NoteSignature? signature, out string problem)
    {
        signature = null;
        if (line.Length > SignedNote.LargestSize || !StrictText.TryDecode(line, out var text) || !text.EndsWith('\n'))
        {
            problem = "A signature line is UTF-8 that ends with a line feed.";
            return false;
        }
        return TryParse(text.AsSpan(0, text.Length - 1), out signature, out problem);
    }

    /// <summary>Not empty, on one line, without Unicode spaces and plus signs.</summary>
    public static bool IsKeyName(ReadOnlySpan<char> name)
    {
        foreach (var c in name)
        {
            if (char.IsWhiteSpace(c) || c == '+')
                return false;
        }
        return !name.IsEmpty && Patterns.IsClean(name, lines: false);
    }

    public override string ToString() => $"{Name} {KeyId:x8}";

    /// <summary>A line without its LF, of text that <see cref="StrictText"/> has passed.</summary>
    internal static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out NoteSignature? signature, out string problem)
    {
        signature = null;
        problem = "A signature line is an em dash, a space, a key name, a space and base64, and nothing else.";
        if (!line.StartsWith(Start, StringComparison.Ordinal))
            return false;
        var rest = line[Start.Length..];
        var space = rest.IndexOf(' ');
        if (space < 0 || !IsKeyName(rest[..space]))
            return false;
        if (!StrictText.TryBase64(rest[(space + 1)..], out var bytes) || bytes.Length <= KeyIdSize)
        {
            problem = "The signature of a line is no base64 of four bytes and more in its one form.";
            return false;
        }
        signature = new NoteSignature(rest[..space].ToString(), bytes);
        problem = "";
        return true;
    }

    internal byte[] ToBytes() => Encoding.UTF8.GetBytes(Line);
}
