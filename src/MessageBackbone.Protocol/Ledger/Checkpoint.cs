using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>
/// What the log says of its tree (C2SP tlog-checkpoint): the text of a note, without its signatures. The lines are origin, size in decimal, root in
/// base64, then extension lines.
/// </summary>
/// <remarks>
/// The log of a restored house has a new origin. Its checkpoints name the last cosigned checkpoint of the old one by one extension line, whose words
/// are parted by single spaces: <c>follows &lt;old origin&gt; &lt;size&gt; &lt;root in base64&gt;</c>. Here it is kept like any other extension line.
/// </remarks>
public sealed class Checkpoint
{
    private const int OwnLines = 3;

    private readonly byte[] _text;

    private Checkpoint(byte[] text, string origin, ulong size, TreeHash root, IReadOnlyList<string> extensions)
    {
        _text = text;
        Origin = origin;
        Size = size;
        Root = root;
        Extensions = extensions;
    }

    /// <summary>The log's name, which is the name of its key: no spaces, no plus signs.</summary>
    public string Origin { get; }

    /// <summary>Leaves of the tree; up to 2^63 − 1.</summary>
    public ulong Size { get; }

    public TreeHash Root { get; }

    /// <summary>Opaque lines without their line feeds, none of them empty.</summary>
    public IReadOnlyList<string> Extensions { get; }

    /// <summary>The bytes that are signed.</summary>
    public ReadOnlyMemory<byte> Text => _text;

    /// <exception cref="ArgumentException">A part of it is none of a checkpoint.</exception>
    public static Checkpoint Create(string origin, ulong size, in TreeHash root, params IReadOnlyList<string> extensions)
    {
        var text = new StringBuilder();
        foreach (var line in (string[])[origin, $"{size}", Convert.ToBase64String(root.Bytes), .. extensions])
            text.Append(line).Append('\n');
        if (!TryRead(Encoding.UTF8.GetBytes(text.ToString()), out var checkpoint, out var problem))
            throw new ArgumentException(problem);
        return checkpoint.Extensions.Count == extensions.Count ? checkpoint : throw new ArgumentException("A line of a checkpoint is one line.");
    }

    /// <summary>Never throws on any bytes. A text that is read has no other form with the same meaning.</summary>
    /// <param name="problem">Empty where the checkpoint was read.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, [NotNullWhen(true)] out Checkpoint? checkpoint, out string problem)
    {
        checkpoint = null;
        problem = "A checkpoint is UTF-8 without control characters, and each of its lines ends with a line feed.";
        if (text.Length > SignedNote.LargestSize || !StrictText.TryDecode(text, out var decoded) || !decoded.EndsWith('\n'))
            return false;
        var lines = decoded[..^1].Split('\n');
        problem = Read(lines, out var size, out var root);
        if (problem.Length == 0)
            checkpoint = new Checkpoint(text.ToArray(), lines[0], size, root, lines[OwnLines..]);
        return checkpoint is not null;
    }

    public override string ToString() => $"{Origin} {Size} {Root}";

    private static string Read(string[] lines, out ulong size, out TreeHash root)
    {
        (size, root) = (0, default);
        if (lines.Length < OwnLines)
            return "A checkpoint has three lines at least: origin, size and root.";
        if (lines.Contains(""))
            return "A checkpoint has no empty lines.";
        if (!NoteSignature.IsKeyName(lines[0]))
            return "The origin of a checkpoint has no spaces and no plus signs.";
        if (!StrictText.TrySize(lines[1], out size))
            return "The size of a checkpoint is decimal without leading zeros, up to 2^63 − 1.";
        if (!StrictText.TryBase64(lines[2], out var bytes) || !TreeHash.TryRead(bytes, out root))
            return "The root of a checkpoint is 32 bytes in the one form of base64.";
        return size == 0 && root != MerkleTree.Empty ? "The root of a tree without leaves is the SHA-256 of no bytes." : "";
    }
}
