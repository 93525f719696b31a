using System.Buffers.Binary;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>
/// The key under which a bureau cosigns checkpoints of a log (wire.md §8): its sign key, P-256 with SHA-256 or P-384 with SHA-384, named
/// <c>&lt;origin&gt;/bureau/&lt;code&gt;</c>. The payload of a line is the time, 8 bytes of POSIX seconds, big-endian, then the DER signature over
/// <c>backbone/ecdsa-cosignature/v1 LF name &lt;name&gt; LF time &lt;seconds&gt; LF</c> and the note text. Safe for concurrent use.
/// </summary>
public sealed class BureauKey
{
    private const string Form = "backbone/ecdsa-cosignature/v1";
    private const byte PrivateType = 0xff;
    private const int TimeSize = sizeof(ulong);

    private static readonly ulong _lastSecond = (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    private readonly SignerKeys _key;
    private readonly SignatureProfile _profile;

    /// <exception cref="ArgumentException">The origin is no key name, or the certificate's key is not on P-256 or P-384.</exception>
    public BureauKey(string origin, BureauCode bureau, X509Certificate2 certificate)
    {
        Origin = origin;
        Bureau = bureau;
        Name = NameOf(origin, bureau);
        _key = new SignerKeys(CertificateParts.Of(certificate));
        _profile = SignatureProfile.For(_key.Certificate.Curve) ?? throw new ArgumentException("A bureau's sign key is on P-256 or P-384.");
        KeyId = IdOf(Name, _key.Certificate);
    }

    public string Origin { get; }

    public BureauCode Bureau { get; }

    public string Name { get; }

    /// <summary>The first four bytes of SHA-256(name ‖ LF ‖ 0xff ‖ <c>backbone/ecdsa-cosignature/v1</c> ‖ SubjectPublicKeyInfo).</summary>
    public uint KeyId { get; }

    /// <summary>Whether this bureau cosigned the checkpoint. Every line of its key must verify, and there must be one.</summary>
    /// <param name="at">When it did, as it claims: whole seconds, the latest where there are several lines.</param>
    /// <param name="problem">Empty where it did.</param>
    public bool Verify(SignedCheckpoint signed, out DateTimeOffset at, out string problem)
    {
        at = default;
        problem = signed.Checkpoint.Origin == Origin ? "" : $"The checkpoint is of the log {signed.Checkpoint.Origin}, not of {Origin}.";
        var lines = signed.LinesOf(Name, KeyId).ToList();
        if (problem.Length == 0 && lines.Count == 0)
            problem = $"The checkpoint has no cosignature of the bureau {Bureau} by the key {KeyId:x8}.";
        if (problem.Length == 0 && !lines.TrueForAll(l => Verify(l, signed.Checkpoint)))
            problem = $"A cosignature by the key {KeyId:x8} of the bureau {Bureau} does not hold for this checkpoint.";
        if (problem.Length == 0)
            at = DateTimeOffset.FromUnixTimeSeconds((long)lines.Max(l => SecondsOf(l)));
        return problem.Length == 0;
    }

    /// <summary>Whether a line, as it comes in a Cosignature, is this bureau's under that checkpoint.</summary>
    public bool Verify(NoteSignature line, Checkpoint checkpoint)
    {
        if (line.Name != Name || line.KeyId != KeyId || checkpoint.Origin != Origin || line.Signature.Length <= TimeSize)
            return false;
        var seconds = SecondsOf(line);
        return seconds <= _lastSecond && _key.Verify(_profile.Hash(ToSign(Name, seconds, checkpoint)), line.Signature[TimeSize..]);
    }

    internal static NoteSignature Sign(Checkpoint checkpoint, BureauCode bureau, X509Certificate2 certificateWithKey, DateTimeOffset at)
    {
        if (at < DateTimeOffset.UnixEpoch)
            throw new ArgumentException("A cosignature's time is not before 1970.");
        var key = SignerKeys.ForSigning(certificateWithKey);
        var name = NameOf(checkpoint.Origin, bureau);
        var seconds = (ulong)at.ToUnixTimeSeconds();
        var payload = new byte[TimeSize];
        BinaryPrimitives.WriteUInt64BigEndian(payload, seconds);
        return NoteSignature.Create(
            name, IdOf(name, key.Certificate), [.. payload, .. key.Sign(key.Profile.Hash(ToSign(name, seconds, checkpoint)))]);
    }

    private static string NameOf(string origin, BureauCode bureau) => NoteSignature.IsKeyName(origin) && bureau.Value.Length != 0
        ? $"{origin}/bureau/{bureau}"
        : throw new ArgumentException("The origin of a log has no spaces and no plus signs, and a bureau has a code.");

    private static uint IdOf(string name, CertificateParts certificate) => BinaryPrimitives.ReadUInt32BigEndian(Digests.Sha256(
        [.. Encoding.UTF8.GetBytes(name), (byte)'\n', PrivateType, .. Encoding.UTF8.GetBytes(Form), .. certificate.PublicKeyInfo.Span]));

    private static byte[] ToSign(string name, ulong seconds, Checkpoint checkpoint) =>
        [.. Encoding.UTF8.GetBytes($"{Form}\nname {name}\ntime {seconds}\n"), .. checkpoint.Text.Span];

    private static ulong SecondsOf(NoteSignature line) => BinaryPrimitives.ReadUInt64BigEndian(line.Signature.Span);
}
