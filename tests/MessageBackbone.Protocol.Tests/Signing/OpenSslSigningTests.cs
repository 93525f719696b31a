using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Signing;

/// <summary>Both directions against the command lines of wire.md §3.</summary>
public sealed class OpenSslSigningTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(1234, false)]
    [InlineData(1 << 20, false)]
    [InlineData(1234, true)]
    public async Task What_openssl_signs_is_read_and_verifies(int size, bool p384)
    {
        using var openssl = new OpenSsl();
        var sign = p384 ? P384() : Sample.Bureau("FR").Sign!;
        var content = RandomNumberGenerator.GetBytes(size);
        openssl.Write("header.bin", content);
        openssl.Write("sign.pem", Sample.Pem(sign));
        openssl.Write("sign.key", Sample.KeyPem(sign));

        await openssl.RunAsync(
            $"cms -sign -binary -nodetach -nosmimecap -cades -md {(p384 ? "sha384" : "sha256")} -outform DER "
            + "-signer sign.pem -inkey sign.key -in header.bin -out header.cms");

        Assert.True(SignedObject.TryRead(openssl.Read("header.cms"), out var signed, out var problem), problem);
        Assert.True(signed.VerifySignature());
        Assert.Equal(content, signed.Content.ToArray());
        Assert.Equal(sign.RawData, signed.CertificateDer.ToArray());
        Assert.InRange(signed.SigningTime, Sample.Now.AddMinutes(-1), Sample.Now.AddMinutes(10));
        Assert.Equal(Holder.Bureau("FR"), signed.Signer);
    }

    [Theory]
    [InlineData("-md sha256")]
    [InlineData("-nosmimecap -md sha256")]
    public async Task Without_cades_and_with_capabilities_it_is_read_too(string options)
    {
        using var openssl = new OpenSsl();
        var sign = Sample.Bureau("FR").Sign!;
        openssl.Write("header.bin", "content");
        openssl.Write("sign.pem", Sample.Pem(sign));
        openssl.Write("sign.key", Sample.KeyPem(sign));

        await openssl.RunAsync($"cms -sign -binary -nodetach {options} -outform DER -signer sign.pem -inkey sign.key -in header.bin -out header.cms");

        Assert.True(SignedObject.TryRead(openssl.Read("header.cms"), out var signed, out var problem), problem);
        Assert.True(signed.VerifySignature());
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1234, false)]
    [InlineData(1 << 20, false)]
    [InlineData(1234, true)]
    public async Task What_we_sign_openssl_verifies(int size, bool p384)
    {
        using var openssl = new OpenSsl();
        var sign = p384 ? P384() : Sample.Bureau("FR").Sign!;
        var content = RandomNumberGenerator.GetBytes(size);
        openssl.Write("header.cms", SignedObject.Create(content, sign, Sample.Now));
        openssl.Write("ca.pem", Sample.Authority.CertificatePem);

        await openssl.RunAsync("cms -verify -binary -inform DER -CAfile ca.pem -signer who.pem -in header.cms -out content.bin");
        await openssl.RunAsync("cms -verify -cades -binary -inform DER -CAfile ca.pem -in header.cms -out content2.bin");

        Assert.Equal(content, openssl.Read("content.bin"));
        Assert.Equal(sign.RawData, X509Certificate2.CreateFromPem(openssl.ReadText("who.pem")).RawData);
    }

    [Theory]
    [InlineData("-md sha1", "digest algorithm")]
    [InlineData("-md sha512", "digest algorithm")]
    [InlineData("-noattr -md sha256", "")]
    [InlineData("-md sha256 -keyid", "")]
    [InlineData("-md sha256 -certfile ca.pem", "more than one certificate")]
    [InlineData("-md sha256 -nocerts", "")]
    [InlineData("-md sha256 -stream", "")]
    [InlineData("-md sha256 -signer other.pem -inkey other.key", "")]
    [InlineData("-md sha256 -econtent_type 1.2.840.113549.1.9.16.1.4", "")]
    public async Task What_openssl_signs_otherwise_is_refused(string options, string why)
    {
        using var openssl = new OpenSsl();
        var sign = Sample.Bureau("FR").Sign!;
        var other = Sample.Bureau("DE").Sign!;
        openssl.Write("header.bin", "content");
        openssl.Write("ca.pem", Sample.Authority.CertificatePem);
        openssl.Write("sign.pem", Sample.Pem(sign));
        openssl.Write("sign.key", Sample.KeyPem(sign));
        openssl.Write("other.pem", Sample.Pem(other));
        openssl.Write("other.key", Sample.KeyPem(other));

        await openssl.RunAsync($"cms -sign -binary -nodetach -outform DER -signer sign.pem -inkey sign.key {options} -in header.bin -out header.cms");

        Assert.False(SignedObject.TryRead(openssl.Read("header.cms"), out _, out var problem));
        Assert.Contains(why, problem);
    }

    [Fact]
    public async Task A_detached_signature_is_refused()
    {
        using var openssl = new OpenSsl();
        var sign = Sample.Bureau("FR").Sign!;
        openssl.Write("header.bin", "content");
        openssl.Write("sign.pem", Sample.Pem(sign));
        openssl.Write("sign.key", Sample.KeyPem(sign));

        await openssl.RunAsync("cms -sign -binary -md sha256 -outform DER -signer sign.pem -inkey sign.key -in header.bin -out header.cms");

        Assert.False(SignedObject.TryRead(openssl.Read("header.cms"), out _, out _));
    }

    private static X509Certificate2 P384()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var issued = Sample.Authority.Issue(Holder.Bureau("FR"), CertificateUse.Sign, key, Sample.Now);
        return X509Certificate2.CreateFromPem(Sample.Pem(issued), key.ExportPkcs8PrivateKeyPem());
    }
}
