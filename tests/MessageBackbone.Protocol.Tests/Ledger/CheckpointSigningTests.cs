using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Protocol.Tests.Ledger;

public sealed class CheckpointSigningTests
{
    private const string Origin = "backbone.example/1";

    private static readonly DateTimeOffset _at = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
    private static readonly BureauCode _de = BureauCode.Parse("DE");

    [Fact]
    public async Task What_the_log_signs_openssl_verifies()
    {
        var signed = Signed();
        var line = Assert.Single(signed.Note.Signatures);
        using var openssl = new OpenSsl();
        openssl.Write("log.pem", Sample.Pem(LedgerSample.Log));
        openssl.Write("text", signed.Note.Text.ToArray());
        openssl.Write("signature", line.Signature.ToArray());

        await openssl.RunAsync("x509 -in log.pem -noout -pubkey -out log.pub");
        await openssl.RunAsync("dgst -sha256 -verify log.pub -signature signature text");
        await openssl.RunAsync("pkey -pubin -in log.pub -outform DER -out log.spki");

        Assert.Equal(Origin, line.Name);
        Assert.Equal(BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(openssl.Read("log.spki"))), line.KeyId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_bureau_cosigns_openssl_verifies(bool p384)
    {
        var sign = p384 ? LedgerSample.P384 : LedgerSample.Bureau;
        var line = Signed().Cosign(_de, sign, _at);
        using var openssl = new OpenSsl();
        openssl.Write("bureau.pem", Sample.Pem(sign));
        openssl.Write("signed", [.. "backbone/ecdsa-cosignature/v1\nname backbone.example/1/bureau/DE\ntime 1700000000\n"u8, .. Text()]);
        openssl.Write("signature", line.Signature[8..].ToArray());

        await openssl.RunAsync("x509 -in bureau.pem -noout -pubkey -out bureau.pub");
        await openssl.RunAsync($"dgst -{(p384 ? "sha384" : "sha256")} -verify bureau.pub -signature signature signed");
        await openssl.RunAsync("pkey -pubin -in bureau.pub -outform DER -out bureau.spki");

        Assert.Equal("backbone.example/1/bureau/DE", line.Name);
        Assert.Equal(1_700_000_000UL, BinaryPrimitives.ReadUInt64BigEndian(line.Signature.Span));
        byte[] named = [.. "backbone.example/1/bureau/DE\n"u8, 0xff, .. "backbone/ecdsa-cosignature/v1"u8, .. openssl.Read("bureau.spki")];
        Assert.Equal(BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(named)), line.KeyId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_openssl_signs_is_verified(bool p384)
    {
        var sign = p384 ? LedgerSample.P384 : LedgerSample.Bureau;
        var key = new BureauKey(Origin, _de, sign);
        using var openssl = new OpenSsl();
        openssl.Write("bureau.key", Sample.KeyPem(sign));
        openssl.Write("signed", [.. "backbone/ecdsa-cosignature/v1\nname backbone.example/1/bureau/DE\ntime 7\n"u8, .. Text()]);
        await openssl.RunAsync($"dgst -{(p384 ? "sha384" : "sha256")} -sign bureau.key -out signature signed");

        var line = NoteSignature.Create(key.Name, key.KeyId, [0, 0, 0, 0, 0, 0, 0, 7, .. openssl.Read("signature")]);

        Assert.True(key.Verify(Signed().With(line), out var at, out var problem), problem);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(7), at);
    }

    [Theory]
    [InlineData(253_402_300_799UL, true)]
    [InlineData(253_402_300_800UL, false)]
    [InlineData(ulong.MaxValue, false)]
    public void A_time_that_no_calendar_has_is_refused_though_it_was_signed(ulong seconds, bool holds)
    {
        var key = new BureauKey(Origin, _de, LedgerSample.Bureau);
        var time = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(time, seconds);
        using var sign = LedgerSample.Bureau.GetECDsaPrivateKey()!;
        var signature = sign.SignData(
            [.. Encoding.UTF8.GetBytes($"backbone/ecdsa-cosignature/v1\nname {key.Name}\ntime {seconds}\n"), .. Text()],
            HashAlgorithmName.SHA256,
            DSASignatureFormat.Rfc3279DerSequence);

        Assert.Equal(holds, key.Verify(Signed().With(NoteSignature.Create(key.Name, key.KeyId, [.. time, .. signature])), out _, out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_cosigned_checkpoint_goes_round(bool p384)
    {
        var sign = p384 ? LedgerSample.P384 : LedgerSample.Bureau;
        var log = new LogKey(Origin, LedgerSample.Log);
        var bureau = new BureauKey(Origin, _de, sign);
        var signed = Signed();

        var cosigned = signed.With(signed.Cosign(_de, sign, _at.AddMilliseconds(900)));
        Assert.True(SignedCheckpoint.TryRead(cosigned.Note.ToBytes(), out var read, out var problem), problem);

        Assert.Equal(signed.Note.Text.ToArray(), read.Note.Text.ToArray());
        Assert.True(log.Verify(read, out problem), problem);
        Assert.True(bureau.Verify(read, out var at, out problem), problem);
        Assert.Equal(_at, at);
        Assert.Same(cosigned.Note, cosigned.Note.With(cosigned.Note.Signatures[1]));
    }

    [Fact]
    public void Lines_of_strangers_are_kept_and_mean_nothing()
    {
        var log = new LogKey(Origin, LedgerSample.Log);
        var signed = Signed().With(NoteSignature.Create(Origin, 7, [1])).With(NoteSignature.Create("stranger", log.KeyId, [1]));

        Assert.True(log.Verify(signed, out var problem), problem);
        Assert.Equal(3, signed.Note.Signatures.Count);
        Assert.False(new LogKey(Origin, LedgerSample.OtherLog).Verify(signed, out problem));
        Assert.Contains("no signature of the log", problem);
        Assert.False(new BureauKey(Origin, _de, LedgerSample.Bureau).Verify(signed, out _, out problem));
        Assert.Contains("no cosignature of the bureau DE", problem);
    }

    [Fact]
    public void One_line_of_a_known_key_that_does_not_hold_refuses_the_checkpoint()
    {
        var log = new LogKey(Origin, LedgerSample.Log);
        var bureau = new BureauKey(Origin, _de, LedgerSample.Bureau);
        var signed = Signed();
        var cosigned = signed.With(signed.Cosign(_de, LedgerSample.Bureau, _at));

        var problem = "";
        foreach (var payload in (byte[][])[[1], new byte[70], [.. signed.Note.Signatures[0].Signature.Span, 0]])
        {
            Assert.False(log.Verify(signed.With(NoteSignature.Create(Origin, log.KeyId, payload)), out problem));
            Assert.Contains("does not hold", problem);
        }
        foreach (var payload in (byte[][])[[1], new byte[8], new byte[9], [.. Enumerable.Repeat((byte)0xff, 80)]])
        {
            Assert.False(bureau.Verify(cosigned.With(NoteSignature.Create(bureau.Name, bureau.KeyId, payload)), out _, out problem));
            Assert.Contains("does not hold", problem);
        }
    }

    [Fact]
    public void Several_cosignatures_of_one_bureau_tell_the_latest_time()
    {
        var signed = Signed();
        var twice = signed.With(signed.Cosign(_de, LedgerSample.Bureau, _at.AddHours(1))).With(signed.Cosign(_de, LedgerSample.Bureau, _at));

        Assert.True(new BureauKey(Origin, _de, LedgerSample.Bureau).Verify(twice, out var at, out var problem), problem);
        Assert.Equal(_at.AddHours(1), at);
    }

    [Fact]
    public void Any_bit_changed_in_a_signed_checkpoint_is_refused()
    {
        var log = new LogKey(Origin, LedgerSample.Log);
        var bytes = Signed().Note.ToBytes();
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(SignedCheckpoint.TryRead(bytes, out var read, out _) && log.Verify(read, out _), $"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Any_bit_changed_in_a_cosignature_is_refused()
    {
        var bureau = new BureauKey(Origin, _de, LedgerSample.Bureau);
        var signed = Signed();
        var line = Encoding.UTF8.GetBytes(signed.Cosign(_de, LedgerSample.Bureau, _at).Line);
        for (var bit = 0; bit < line.Length * 8; bit++)
        {
            line[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(NoteSignature.TryRead(line, out var read, out _) && bureau.Verify(read, signed.Checkpoint), $"bit {bit}");
            line[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void A_cosignature_holds_for_its_own_checkpoint_log_and_bureau_only()
    {
        var line = Signed().Cosign(_de, LedgerSample.Bureau, _at);
        var other = Signed(size: 9);
        var elsewhere = Signed("backbone.example/2");

        Assert.False(new BureauKey(Origin, _de, LedgerSample.Bureau).Verify(line, other.Checkpoint));
        Assert.False(new BureauKey(Origin, _de, LedgerSample.Bureau).Verify(line, elsewhere.Checkpoint));
        Assert.False(new BureauKey("backbone.example/2", _de, LedgerSample.Bureau).Verify(line, elsewhere.Checkpoint));
        Assert.False(new BureauKey(Origin, BureauCode.Parse("FR"), LedgerSample.Bureau).Verify(line, Signed().Checkpoint));
        Assert.False(new BureauKey(Origin, _de, LedgerSample.P384).Verify(line, Signed().Checkpoint));
    }

    [Fact]
    public void A_log_signs_on_P_256_only_and_nobody_signs_before_1970()
    {
        Assert.Throws<ArgumentException>(() => new LogKey(Origin, LedgerSample.P384));
        Assert.Throws<ArgumentException>(() => SignedCheckpoint.Sign(Signed().Checkpoint, LedgerSample.P384));
        Assert.Throws<ArgumentException>(() => Signed().Cosign(_de, LedgerSample.Bureau, DateTimeOffset.UnixEpoch.AddTicks(-1)));
        Assert.Throws<ArgumentException>(() => new LogKey("a b", LedgerSample.Log));
        Assert.Throws<ArgumentException>(() => new BureauKey("a b", _de, LedgerSample.Bureau));
        Assert.Throws<ArgumentException>(() => new BureauKey(Origin, default, LedgerSample.Bureau));
    }

    private static SignedCheckpoint Signed(string origin = Origin, ulong size = 8) =>
        SignedCheckpoint.Sign(Checkpoint.Create(origin, size, TreeHash.Parse(Rfc6962.WellKnownRoots[8])), LedgerSample.Log);

    private static byte[] Text() => Signed().Note.Text.ToArray();
}
