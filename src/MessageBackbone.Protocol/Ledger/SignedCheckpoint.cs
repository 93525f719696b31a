using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>
/// A note whose text is a checkpoint. That it was read says nothing of its signatures: <see cref="LogKey"/> and <see cref="BureauKey"/> do.
/// </summary>
public sealed class SignedCheckpoint
{
    private SignedCheckpoint(SignedNote note, Checkpoint checkpoint)
    {
        Note = note;
        Checkpoint = checkpoint;
    }

    public SignedNote Note { get; }

    public Checkpoint Checkpoint { get; }

    /// <summary>Never throws on any bytes.</summary>
    /// <param name="problem">Empty where it was read.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedCheckpoint? signed, out string problem)
    {
        signed = SignedNote.TryRead(bytes, out var note, out problem) && Checkpoint.TryRead(note.Text.Span, out var checkpoint, out problem)
            ? new SignedCheckpoint(note, checkpoint)
            : null;
        return signed is not null;
    }

    /// <summary>Signs as the log, whose key has the origin as its name.</summary>
    /// <exception cref="ArgumentException">The certificate has no private key on P-256.</exception>
    public static SignedCheckpoint Sign(Checkpoint checkpoint, X509Certificate2 logCertificateWithKey)
    {
        var line = LogKey.Sign(checkpoint, logCertificateWithKey);
        return new SignedCheckpoint(SignedNote.Create(checkpoint.Text.Span, line), checkpoint);
    }

    /// <summary>The line by which a bureau says that it saw this checkpoint, and none that contradicts it. Adds it nowhere.</summary>
    /// <param name="at">Cut to whole seconds.</param>
    /// <exception cref="ArgumentException">The certificate has no private key on P-256 or P-384, or the time is before 1970.</exception>
    public NoteSignature Cosign(BureauCode bureau, X509Certificate2 signCertificateWithKey, DateTimeOffset at) =>
        BureauKey.Sign(Checkpoint, bureau, signCertificateWithKey, at);

    /// <summary>With one more line; the same text.</summary>
    /// <exception cref="ArgumentException">The note would be larger than a note may be.</exception>
    public SignedCheckpoint With(NoteSignature line) => new(Note.With(line), Checkpoint);

    /// <summary>The lines of one key: those with its name and its ID.</summary>
    internal IEnumerable<NoteSignature> LinesOf(string name, uint keyId) => Note.Signatures.Where(s => s.KeyId == keyId && s.Name == name);
}
