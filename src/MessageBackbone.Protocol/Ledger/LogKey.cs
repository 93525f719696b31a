using System.Buffers.Binary;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>
/// The key under which a log signs its checkpoints: C2SP signature type 0x02, DER of ECDSA P-256 with SHA-256 over the note text. Its ID is the first
/// four bytes of SHA-256(SubjectPublicKeyInfo), its name the origin. Safe for concurrent use.
/// </summary>
public sealed class LogKey
{
    private readonly SignerKeys _key;

    /// <exception cref="ArgumentException">The origin is no key name, or the certificate's key is not on P-256.</exception>
    public LogKey(string origin, X509Certificate2 certificate)
    {
        if (!NoteSignature.IsKeyName(origin))
            throw new ArgumentException("The origin of a log has no spaces and no plus signs.");
        Origin = origin;
        _key = new SignerKeys(CertificateParts.Of(certificate));
        KeyId = IdOf(_key.Certificate);
    }

    public string Origin { get; }

    public uint KeyId { get; }

    /// <summary>Whether this log signed the checkpoint. Every line of its key must verify, and there must be one.</summary>
    /// <param name="problem">Empty where it did.</param>
    public bool Verify(SignedCheckpoint signed, out string problem)
    {
        problem = signed.Checkpoint.Origin == Origin ? "" : $"The checkpoint is of the log {signed.Checkpoint.Origin}, not of {Origin}.";
        var lines = signed.LinesOf(Origin, KeyId).ToList();
        if (problem.Length == 0 && lines.Count == 0)
            problem = $"The checkpoint has no signature of the log {Origin} by the key {KeyId:x8}.";
        var hash = SignatureProfile.P256.Hash(signed.Note.Text.Span);
        if (problem.Length == 0 && !lines.TrueForAll(l => _key.Verify(hash, l.Signature)))
            problem = $"A signature by the key {KeyId:x8} of the log {Origin} does not hold for this checkpoint.";
        return problem.Length == 0;
    }

    internal static NoteSignature Sign(Checkpoint checkpoint, X509Certificate2 certificateWithKey)
    {
        var key = SignerKeys.ForSigning(certificateWithKey);
        return NoteSignature.Create(checkpoint.Origin, IdOf(key.Certificate), key.Sign(key.Profile.Hash(checkpoint.Text.Span)));
    }

    private static uint IdOf(CertificateParts certificate) => certificate.Curve == NamedCurve.P256
        ? BinaryPrimitives.ReadUInt32BigEndian(Digests.Sha256(certificate.PublicKeyInfo.Span))
        : throw new ArgumentException("A log signs its checkpoints with a key on P-256.");
}
