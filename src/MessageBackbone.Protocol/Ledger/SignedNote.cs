using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>
/// A text with signature lines (C2SP signed-note). Nothing in it counts before a signature of a known key is verified; lines of unknown keys are kept
/// and mean nothing. What is read and written again gives the same bytes. Immutable.
/// </summary>
public sealed class SignedNote
{
    /// <summary>Bytes of a whole note.</summary>
    public const int LargestSize = 64 * 1024;

    /// <summary>
    /// Enough for the log and a line of each of 196 bureaus. C2SP asks for 16 at least; some readers of others take no more than 100.
    /// </summary>
    public const int MostSignatures = 256;

    private SignedNote(ReadOnlyMemory<byte> text, IReadOnlyList<NoteSignature> signatures)
    {
        Text = text;
        Signatures = signatures;
    }

    /// <summary>What is signed: with its last line feed, without the blank line after it.</summary>
    public ReadOnlyMemory<byte> Text { get; }

    /// <summary>As they stand in the note, at least one.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <exception cref="ArgumentException">The text is none of a note: what would be written could not be read.</exception>
    public static SignedNote Create(ReadOnlySpan<byte> text, NoteSignature signature)
    {
        var note = new SignedNote(text.ToArray(), [signature]);
        if (!TryRead(note.ToBytes(), out var read, out var problem))
            throw new ArgumentException(problem);
        return read.Text.Span.SequenceEqual(text) ? read : throw new ArgumentException("The text of a note ends with a line feed.");
    }

    /// <summary>Never throws on any bytes; keeps a copy of what it reads.</summary>
    /// <param name="problem">Empty where the note was read.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedNote? note, out string problem)
    {
        note = null;
        problem = Split(bytes, out var text, out var lines);
        if (problem.Length != 0)
            return false;
        var signatures = new List<NoteSignature>();
        foreach (var range in lines.AsSpan().Split('\n'))
        {
            if (!NoteSignature.TryParse(lines.AsSpan(range), out var signature, out problem))
                return false;
            signatures.Add(signature);
            if (signatures.Count <= MostSignatures)
                continue;
            problem = $"A note has at most {MostSignatures} signature lines.";
            return false;
        }
        note = new SignedNote(bytes[..text].ToArray(), signatures);
        return true;
    }

    /// <summary>The note with one more line at its end; the same text. The same note where it has this very line.</summary>
    /// <exception cref="ArgumentException">The note would be larger than a note may be.</exception>
    public SignedNote With(NoteSignature signature)
    {
        if (Signatures.Any(s => s.Line == signature.Line))
            return this;
        var longer = new SignedNote(Text, [.. Signatures, signature]);
        if (longer.Signatures.Count > MostSignatures || longer.ToBytes().Length > LargestSize)
            throw new ArgumentException($"A note has at most {MostSignatures} signature lines and {LargestSize} bytes.");
        return longer;
    }

    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        bytes.Write(Text.Span);
        bytes.WriteByte((byte)'\n');
        foreach (var signature in Signatures)
            bytes.Write(signature.ToBytes());
        return bytes.ToArray();
    }

    public override string ToString() => Encoding.UTF8.GetString(ToBytes());

    /// <summary>The length of the text in bytes, and the signature lines without the last line feed.</summary>
    private static string Split(ReadOnlySpan<byte> bytes, out int text, out string lines)
    {
        lines = "";
        text = bytes.LastIndexOf("\n\n"u8) + 1;
        if (bytes.Length > LargestSize)
            return $"A note has at most {LargestSize} bytes, not {bytes.Length}.";
        if (!StrictText.TryDecode(bytes, out _))
            return "A note is UTF-8 without control characters other than line feeds.";
        if (text == 0)
            return "The note has no blank line between its text and its signatures.";
        if (text + 1 == bytes.Length)
            return "The note has no signature line.";
        if (bytes[^1] != '\n')
            return "The last line of the note does not end with a line feed.";
        lines = Encoding.UTF8.GetString(bytes[(text + 1)..^1]);
        return "";
    }
}
