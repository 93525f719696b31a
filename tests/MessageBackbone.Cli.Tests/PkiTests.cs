using System.Globalization;

namespace MessageBackbone.Cli.Tests;

/// <summary>What `backbone pki` makes, judged by openssl.</summary>
public sealed class PkiTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Pki => _folder.At("pki");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Openssl_verifies_every_certificate_of_a_new_PKI()
    {
        Assert.Equal(0, (await CommandRun.OfAsync("pki", "init", "--bureaus", "FR,DE-BKA", "--pki", Pki)).ExitCode);

        string[] expected =
        [
            "DE-BKA/seal.pem", "DE-BKA/sign.pem", "DE-BKA/tls.pem", "FR/seal.pem", "FR/sign.pem", "FR/tls.pem", "auditor-1/tls.pem", "log/sign.pem",
                "log/tls.pem",
            "node/sign.pem", "node/tls.pem", "operator-1/tls.pem", "secretariat/sign.pem", "secretariat/tls.pem",
        ];
        var made = Directory.GetFiles(Pki, "*.pem", SearchOption.AllDirectories).Select(p => Path.GetRelativePath(Pki, p)).Where(p => p.Contains('/'))
            .Order(StringComparer.Ordinal).ToList();
        Assert.Equal(expected, made);
        foreach (var name in made)
            await Tool.RunAsync("openssl", "verify", "-x509_strict", "-crl_check", "-CAfile", Path.Combine(Pki, "ca.pem"), "-CRLfile",
                Path.Combine(Pki, "crl.pem"), Path.Combine(Pki, name));
    }

    [Theory]
    [InlineData("FR", "tls", "Digital Signature", "TLS Web Client Authentication")]
    [InlineData("FR", "sign", "Digital Signature, Non Repudiation", "E-mail Protection")]
    [InlineData("FR", "seal", "Key Agreement", "E-mail Protection")]
    [InlineData("node", "tls", "Digital Signature", "TLS Web Server Authentication")]
    public async Task A_certificate_has_the_profile_of_its_use(string name, string use, string usage, string extended)
    {
        await CommandRun.OfAsync("pki", "init", "--bureaus", "FR", "--pki", Pki);

        var text = await Tool.RunAsync("openssl", "x509", "-noout", "-text", "-in", Path.Combine(Pki, name, use + ".pem"));

        Assert.Contains(usage + "\n", text);
        Assert.Contains(extended, text);
        Assert.Contains($"URI:urn:backbone:{(name == "FR" ? "bureau" : "node")}:{name}", text);
        Assert.Contains("NIST CURVE: P-256", text);
    }

    [Fact]
    public async Task Keys_are_PKCS8_and_readable_to_their_owner_only()
    {
        await CommandRun.OfAsync("pki", "init", "--bureaus", "FR", "--pki", Pki);

        foreach (var key in Directory.GetFiles(Pki, "*.key", SearchOption.AllDirectories))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
            Assert.StartsWith("-----BEGIN PRIVATE KEY-----", File.ReadAllText(key));
        }
        Assert.Empty(Directory.GetFiles(Pki, "*.new", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Nothing_is_replaced_without_force()
    {
        await CommandRun.OfAsync("pki", "init", "--bureaus", "FR", "--pki", Pki);
        var before = File.ReadAllText(Path.Combine(Pki, "FR", "seal.key"));
        var ca = File.ReadAllText(Path.Combine(Pki, "ca.key"));

        var again = await CommandRun.OfAsync("pki", "issue", "FR", "--pki", Pki);
        var init = await CommandRun.OfAsync("pki", "init", "--pki", Pki);

        Assert.Equal((1, 1), (again.ExitCode, init.ExitCode));
        Assert.Contains("exists already", again.Error);
        Assert.Equal(before, File.ReadAllText(Path.Combine(Pki, "FR", "seal.key")));
        Assert.Equal(ca, File.ReadAllText(Path.Combine(Pki, "ca.key")));
    }

    [Fact]
    public async Task Force_keeps_the_replaced_seal_key_so_that_older_messages_stay_readable()
    {
        await CommandRun.OfAsync("pki", "init", "--bureaus", "FR", "--pki", Pki);
        var first = File.ReadAllText(Path.Combine(Pki, "FR", "seal.key"));

        await CommandRun.OfAsync("pki", "issue", "FR", "--force", "--pki", Pki);
        var second = File.ReadAllText(Path.Combine(Pki, "FR", "seal.key"));
        await CommandRun.OfAsync("pki", "issue", "FR", "--force", "--pki", Pki);

        Assert.Equal(second, File.ReadAllText(Path.Combine(Pki, "FR", "seal.1.key")));
        Assert.Equal(first, File.ReadAllText(Path.Combine(Pki, "FR", "seal.2.key")));
    }

    [Fact]
    public async Task A_p12_opens_with_its_password_in_openssl()
    {
        await CommandRun.OfAsync("pki", "init", "--pki", Pki);

        var run = await CommandRun.OfAsync("pki", "issue", "operator-1", "--p12", "--pki", Pki);

        Assert.Equal(0, run.ExitCode);
        var p12 = Path.Combine(Pki, "operator-1", "tls.p12");
        var text = await Tool.RunAsync("openssl", "pkcs12", "-in", p12, "-nodes", "-passin", $"file:{p12}.password");
        Assert.Contains("BEGIN PRIVATE KEY", text);
        Assert.Contains("operator-1 tls", text);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(p12));
    }

    [Fact]
    public async Task A_real_CA_signs_requests_and_its_certificates_are_taken()
    {
        await MakeRealCaAsync();
        Assert.Equal(0, (await CommandRun.OfAsync("pki", "init", "--ca", _folder.At("real.pem"), "--pki", Pki)).ExitCode);
        Assert.Equal(0, (await CommandRun.OfAsync("pki", "issue", "FR", "--csr-only", "--pki", Pki)).ExitCode);
        foreach (var use in (string[])["tls", "sign", "seal"]) await SignAsync(Path.Combine(Pki, "FR", use + ".csr"), _folder.At(use + ".pem"));

        var run = await CommandRun.OfAsync("pki", "import", "FR", "--tls", _folder.At("tls.pem"), "--sign", _folder.At("sign.pem"), "--seal",
            _folder.At("seal.pem"), "--pki", Pki);

        Assert.True(run.ExitCode == 0, run.Error);
        using var keys = Addresses.HolderFolder.Open(Pki, "FR").OpenKeys();
        Assert.Equal("urn:backbone:bureau:FR", keys.Holder.Uri);
        Assert.False(File.Exists(Path.Combine(Pki, "ca.key")));
    }

    [Fact]
    public async Task A_certificate_of_the_wrong_profile_is_not_taken()
    {
        await MakeRealCaAsync();
        await CommandRun.OfAsync("pki", "init", "--ca", _folder.At("real.pem"), "--pki", Pki);
        await CommandRun.OfAsync("pki", "issue", "FR", "--csr-only", "--pki", Pki);
        await SignAsync(Path.Combine(Pki, "FR", "sign.csr"), _folder.At("sign.pem"));

        var run = await CommandRun.OfAsync("pki", "import", "FR", "--tls", _folder.At("sign.pem"), "--pki", Pki);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("refused", run.Error);
        Assert.False(File.Exists(Path.Combine(Pki, "FR", "tls.pem")));
    }

    [Fact]
    public async Task A_certificate_for_another_key_is_not_taken()
    {
        await MakeRealCaAsync();
        await CommandRun.OfAsync("pki", "init", "--ca", _folder.At("real.pem"), "--pki", Pki);
        await CommandRun.OfAsync("pki", "issue", "FR", "--csr-only", "--pki", Pki);
        await SignAsync(Path.Combine(Pki, "FR", "tls.csr"), _folder.At("tls.pem"));
        await CommandRun.OfAsync("pki", "issue", "FR", "--csr-only", "--force", "--pki", Pki);

        var run = await CommandRun.OfAsync("pki", "import", "FR", "--tls", _folder.At("tls.pem"), "--pki", Pki);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("another key", run.Error);
    }

    [Fact]
    public async Task Revoking_puts_the_certificate_on_a_CRL_that_openssl_honours()
    {
        await CommandRun.OfAsync("pki", "init", "--bureaus", "FR", "--pki", Pki);

        Assert.Equal(0, (await CommandRun.OfAsync("pki", "revoke", "FR", "--use", "sign", "--crl-only", "--pki", Pki)).ExitCode);

        string[] check = ["verify", "-crl_check", "-CAfile", Path.Combine(Pki, "ca.pem"), "-CRLfile", Path.Combine(Pki, "crl.pem")];
        var (signCode, text) = await Tool.TryAsync("openssl", [.. check, Path.Combine(Pki, "FR", "sign.pem")]);
        Assert.NotEqual(0, signCode);
        Assert.Contains("revoked", text);
        await Tool.RunAsync("openssl", [.. check, Path.Combine(Pki, "FR", "tls.pem")]);
        Assert.Contains("CRL Number: \n                2",
            await Tool.RunAsync("openssl", "crl", "-noout", "-text", "-in", Path.Combine(Pki, "crl.pem")));
    }

    private async Task MakeRealCaAsync() =>
        await Tool.RunAsync("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-days", "30", "-subj",
        "/CN=Real CA",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", _folder.At("real.key"), "-out", _folder.At("real.pem"));

    private async Task SignAsync(string request, string certificate) =>
        await Tool.RunAsync("openssl", "x509", "-req", "-in", request, "-CA", _folder.At("real.pem"), "-CAkey", _folder.At("real.key"),
        "-copy_extensions", "copy", "-sha256", "-days", 20.ToString(CultureInfo.InvariantCulture), "-out", certificate);
}
