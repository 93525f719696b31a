using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Sealing;

namespace MessageBackbone.Protocol.Tests.Sealing;

/// <summary>Both directions against the command lines of wire.md §4.</summary>
public sealed class OpenSslSealingTests
{
    private static readonly Lazy<List<X509Certificate2>> _seals = new(() => Sample.Seals(196));

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 1000)]
    [InlineData(2, 1000)]
    [InlineData(2, 1 << 20)]
    [InlineData(196, 0)]
    [InlineData(196, 1 << 20)]
    public async Task What_openssl_seals_each_recipient_opens(int recipients, int size)
    {
        using var openssl = new OpenSsl();
        var content = RandomNumberGenerator.GetBytes(size);
        openssl.Write("content.bin", content);
        var options = WriteRecipients(openssl, recipients, "-keyopt ecdh_kdf_md:sha256");

        await openssl.RunAsync($"cms -encrypt -binary -aes-256-gcm -aes256-wrap -outform DER -in content.bin -out body.cms {options}");

        Assert.True(SealedBody.TryRead(openssl.Read("body.cms"), out var body, out var problem), problem);
        Assert.Equal(recipients, body.Recipients.Count);
        foreach (var seal in Some(recipients))
        {
            Assert.True(body.IsFor(seal));
            Assert.True(body.TryOpen(seal, out var opened, out problem), problem);
            Assert.Equal(content, opened);
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 1000)]
    [InlineData(2, 1000)]
    [InlineData(2, 1 << 20)]
    [InlineData(196, 0)]
    [InlineData(196, 1 << 20)]
    public async Task What_we_seal_openssl_opens_for_each_recipient(int recipients, int size)
    {
        using var openssl = new OpenSsl();
        var content = RandomNumberGenerator.GetBytes(size);
        openssl.Write("body.cms", SealedBody.Seal(content, _seals.Value[..recipients]));

        foreach (var seal in Some(recipients))
        {
            openssl.Write("seal.pem", Sample.Pem(seal));
            openssl.Write("seal.key", Sample.KeyPem(seal));
            await openssl.RunAsync("cms -decrypt -binary -inform DER -in body.cms -recip seal.pem -inkey seal.key -out content.bin");
            Assert.Equal(content, openssl.Read("content.bin"));
        }
    }

    [Fact]
    public async Task A_recipient_named_by_key_identifier_opens_it()
    {
        using var openssl = new OpenSsl();
        openssl.Write("content.bin", "content");
        var options = WriteRecipients(openssl, 2, "-keyopt ecdh_kdf_md:sha256");

        await openssl.RunAsync($"cms -encrypt -keyid -binary -aes-256-gcm -aes256-wrap -outform DER -in content.bin -out body.cms {options}");

        Assert.True(SealedBody.TryRead(openssl.Read("body.cms"), out var body, out var problem), problem);
        Assert.All(body.Recipients, r => Assert.StartsWith("key:", r.Key));
        Assert.True(body.TryOpen(_seals.Value[1], out var opened, out problem), problem);
        Assert.Equal("content"u8, opened);
    }

    [Theory]
    [InlineData("-aes-256-gcm -aes256-wrap", "", "sha256kdf")] // without -keyopt openssl derives by SHA-1
    [InlineData("-aes-256-gcm -aes256-wrap", "-keyopt ecdh_kdf_md:sha384", "sha256kdf")]
    [InlineData("-aes-256-gcm -aes128-wrap", "-keyopt ecdh_kdf_md:sha256", "sha256kdf")]
    [InlineData("-aes-128-gcm -aes256-wrap", "-keyopt ecdh_kdf_md:sha256", "wrapped key")] // a content key of 16 bytes
    [InlineData("-aes-256-cbc -aes256-wrap", "-keyopt ecdh_kdf_md:sha256", "not AuthEnvelopedData")]
    [InlineData("-stream -aes-256-gcm -aes256-wrap", "-keyopt ecdh_kdf_md:sha256", "")]
    public async Task What_openssl_seals_otherwise_is_refused(string algorithms, string keyOption, string why)
    {
        using var openssl = new OpenSsl();
        openssl.Write("content.bin", "content");
        var options = WriteRecipients(openssl, 2, keyOption);

        await openssl.RunAsync($"cms -encrypt -binary {algorithms} -outform DER -in content.bin -out body.cms {options}");

        Assert.False(SealedBody.TryRead(openssl.Read("body.cms"), out _, out var problem));
        Assert.Contains(why, problem);
    }

    [Fact]
    public async Task The_key_option_forgotten_for_the_second_recipient_only_is_refused()
    {
        using var openssl = new OpenSsl();
        openssl.Write("content.bin", "content");
        WriteRecipients(openssl, 2, "");

        await openssl.RunAsync(
            "cms -encrypt -binary -aes-256-gcm -aes256-wrap -outform DER -in content.bin -out body.cms "
            + "-recip 0.pem -keyopt ecdh_kdf_md:sha256 -recip 1.pem");

        Assert.False(SealedBody.TryRead(openssl.Read("body.cms"), out _, out var problem));
        Assert.Contains("sha256kdf", problem);
    }

    private static IEnumerable<X509Certificate2> Some(int recipients) =>
        recipients <= 2 ? _seals.Value.Take(recipients) : [_seals.Value[0], _seals.Value[97], _seals.Value[195]];

    private static string WriteRecipients(OpenSsl openssl, int recipients, string keyOption)
    {
        for (var i = 0; i < recipients; i++)
        {
            openssl.Write($"{i}.pem", Sample.Pem(_seals.Value[i]));
        }
        return string.Join(' ', Enumerable.Range(0, recipients).Select(i => $"-recip {i}.pem {keyOption}"));
    }
}
