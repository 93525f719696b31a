using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Identities;

public sealed class TrustAnchorTests
{
    private static readonly HolderKeys _bureau = Sample.Bureau("FR");
    private static readonly HolderKeys _node = Sample.Of(new Holder(HolderRole.Node, "node"));

    [Fact]
    public void Each_certificate_is_good_for_its_own_use_only()
    {
        foreach (var use in new[] { CertificateUse.Tls, CertificateUse.Sign, CertificateUse.Seal })
        {
            Assert.Equal(use == CertificateUse.Tls, Judge(_bureau.Tls, use).Ok);
            Assert.Equal(use == CertificateUse.Sign, Judge(_bureau.Sign!, use).Ok);
            Assert.Equal(use == CertificateUse.Seal, Judge(_bureau.Seal!, use).Ok);
        }
        Assert.False(Judge(_bureau.Tls, CertificateUse.Unspecified).Ok);
        Assert.Equal(Holder.Bureau("FR"), Judge(_bureau.Sign!, CertificateUse.Sign).Holder);
    }

    [Theory]
    [InlineData(HolderRole.Bureau, "DE-X", 3)]
    [InlineData(HolderRole.Node, "node-2", 2)]
    [InlineData(HolderRole.Log, "log", 2)]
    [InlineData(HolderRole.Secretariat, "secretariat", 2)]
    [InlineData(HolderRole.Auditor, "auditor-1", 1)]
    [InlineData(HolderRole.Operator, "operator-1", 1)]
    public async Task What_is_issued_for_a_role_has_its_profile_and_openssl_verifies_it(HolderRole role, string name, int certificates)
    {
        using var openssl = new OpenSsl();
        var issued = Sample.Authority.IssueAll(new Holder(role, name), Sample.Now);
        openssl.Write("ca.pem", Sample.Authority.CertificatePem);
        using var keys = issued.OpenKeys();

        Assert.Equal(certificates * 2, issued.Files.Count);
        foreach (var (file, pem) in issued.Files.Where(f => f.Key.EndsWith(".pem", StringComparison.Ordinal)))
        {
            openssl.Write(file, pem);
            var purpose = file == "tls.pem" ? "sslclient" : file == "sign.pem" ? "smimesign" : "any";
            await openssl.RunAsync($"verify -x509_strict -check_ss_sig -purpose {purpose} -CAfile ca.pem {file}");
        }
        if (role == HolderRole.Node)
            await openssl.RunAsync("verify -x509_strict -purpose sslserver -verify_ip 127.0.0.1 -verify_hostname localhost -CAfile ca.pem tls.pem");
        Assert.Equal(new Holder(role, name), keys.Holder);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_authority_made_by_openssl_or_by_us_on_P384_is_pinned(bool rsa)
    {
        using var openssl = new OpenSsl();
        await openssl.RunAsync(
            $"req -x509 -newkey {(rsa ? "rsa:3072" : "ec -pkeyopt ec_paramgen_curve:secp384r1")} -nodes -keyout ca.key -out ca.pem "
            + "-days 30 -subj /CN=Other -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign");
        openssl.Write("sign.cnf",
            "keyUsage=critical,digitalSignature,nonRepudiation\nextendedKeyUsage=emailProtection\nsubjectAltName=URI:urn:backbone:bureau:FR\n");
        await openssl.RunAsync("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout sign.key -out sign.csr -subj /CN=FR");
        await openssl.RunAsync("x509 -req -in sign.csr -CA ca.pem -CAkey ca.key -set_serial 4711 -days 10 -extfile sign.cnf -out sign.pem");

        var anchor = TrustAnchor.FromPem(openssl.ReadText("ca.pem"));
        using var certificate = X509Certificate2.CreateFromPem(openssl.ReadText("sign.pem"));
        var verdict = anchor.Judge(certificate, CertificateUse.Sign, Sample.Now.AddMinutes(1));

        Assert.True(verdict.Ok, verdict.Problem);
        Assert.False(Sample.Anchor.Judge(certificate, CertificateUse.Sign, Sample.Now.AddMinutes(1)).Ok);
    }

    [Fact]
    public void Another_authority_of_the_same_name_is_not_ours()
    {
        using var other = CertificateAuthority.Create("Sample CA", Sample.Now);
        using var keys = other.IssueAll(Holder.Bureau("FR"), Sample.Now).OpenKeys();

        Assert.False(Judge(keys.Sign!, CertificateUse.Sign).Ok);
    }

    [Fact]
    public void Every_single_bit_change_of_a_certificate_is_refused_unless_it_is_no_certificate_of_ours()
    {
        var der = _bureau.Sign!.RawData;
        var anchor = Sample.Authority.OpenTrustAnchor();
        for (var bit = 0; bit < der.Length * 8; bit++)
        {
            var changed = (byte[])der.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(anchor.Judge(changed, CertificateUse.Sign, Sample.Now).Ok, $"bit {bit}");
        }
    }

    [Fact]
    public void A_certificate_counts_only_while_it_and_its_authority_are_valid()
    {
        Assert.False(Sample.Anchor.Judge(_bureau.Sign!, CertificateUse.Sign, Sample.Now.AddDays(-1)).Ok);
        Assert.True(Sample.Anchor.Judge(_bureau.Sign!, CertificateUse.Sign, Sample.Now.AddDays(820)).Ok);
        Assert.False(Sample.Anchor.Judge(_bureau.Sign!, CertificateUse.Sign, Sample.Now.AddDays(830)).Ok);
    }

    [Fact]
    public async Task A_revoked_certificate_is_refused_from_its_date_on_and_openssl_reads_the_list()
    {
        using var openssl = new OpenSsl();
        var crl = Sample.Authority.BuildCrl([(_bureau.Sign!, Sample.Now.AddDays(1))], 7, Sample.Now);
        var anchor = Sample.Authority.OpenTrustAnchor(crl);
        openssl.Write("ca.pem", Sample.Authority.CertificatePem);
        openssl.Write("crl.pem", crl);
        openssl.Write("sign.pem", Sample.Pem(_bureau.Sign!));

        Assert.True(anchor.Judge(_bureau.Sign!, CertificateUse.Sign, Sample.Now).Ok);
        Assert.False(anchor.Judge(_bureau.Sign!, CertificateUse.Sign, Sample.Now.AddDays(2)).Ok);
        Assert.True(anchor.Judge(_bureau.Seal!, CertificateUse.Seal, Sample.Now.AddDays(2)).Ok);
        Assert.InRange(anchor.CrlDueAt!.Value, Sample.Now.AddDays(29), Sample.Now.AddDays(31));
        Assert.Contains("revoked", (await openssl.TryRunAsync("verify -crl_check -CAfile ca.pem -CRLfile crl.pem sign.pem")).Output);
        using var other = CertificateAuthority.Create("Sample CA", Sample.Now);
        Assert.Throws<ArgumentException>(() => Sample.Authority.OpenTrustAnchor(other.BuildCrl([], 1, Sample.Now)));
    }

    [Fact]
    public void An_unknown_issuers_certificate_with_an_AIA_address_makes_no_request()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/ca.der";
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=stranger", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([address], [address]));
        using var stranger = request.CreateSelfSigned(Sample.Now.AddDays(-1), Sample.Now.AddDays(1));

        foreach (var use in Enum.GetValues<CertificateUse>())
        {
            Assert.False(Sample.Anchor.Judge(stranger, use, Sample.Now).Ok);
        }
        Assert.False(Sample.Anchor.AcceptsPeer(stranger, [HolderRole.Bureau], Sample.Now, asServer: false, out _, out _));
        Assert.False(listener.Pending());
    }

    [Theory]
    [MemberData(nameof(WrongProfiles), DisableDiscoveryEnumeration = true)]
    public void A_certificate_of_ours_without_the_profile_is_refused(CertificateUse use, string why, Action<ProfileDraft> change)
    {
        var draft = new ProfileDraft(use);
        change(draft);

        var verdict = Sample.Anchor.Judge(draft.Issue(), use, Sample.Now);

        Assert.False(verdict.Ok);
        Assert.Contains(why, verdict.Problem);
    }

    [Theory]
    [InlineData(CertificateUse.Tls)]
    [InlineData(CertificateUse.Sign)]
    [InlineData(CertificateUse.Seal)]
    public void The_same_draft_unchanged_is_accepted(CertificateUse use)
    {
        var verdict = Sample.Anchor.Judge(new ProfileDraft(use).Issue(), use, Sample.Now);

        Assert.True(verdict.Ok, verdict.Problem);
    }

    public static TheoryData<CertificateUse, string, Action<ProfileDraft>> WrongProfiles => new()
    {
        { CertificateUse.Sign, "SAN", d => d.Uris.Clear() },
        { CertificateUse.Sign, "SAN", d => d.Uris.Add("urn:backbone:bureau:DE") },
        { CertificateUse.Sign, "SAN", d => d.Uris.Add("https://example.org") },
        { CertificateUse.Sign, "SAN", d => d.Uris[0] = "urn:backbone:bureau:fr" },
        { CertificateUse.Sign, "nonRepudiation", d => d.Usage = X509KeyUsageFlags.DigitalSignature },
        { CertificateUse.Sign, "nonRepudiation", d => d.Usage |= X509KeyUsageFlags.KeyAgreement },
        { CertificateUse.Sign, "emailProtection", d => d.Extended.Add("1.3.6.1.5.5.7.3.2") },
        { CertificateUse.Sign, "emailProtection", d => d.Extended.Clear() },
        { CertificateUse.Sign, "curve", d => d.Curve = ECCurve.NamedCurves.nistP521 },
        { CertificateUse.Sign, "role", d => d.Uris[0] = "urn:backbone:auditor:a" },
        { CertificateUse.Sign, "critical", d => d.Others.Add(new X509Extension("1.2.3.4", [5, 0], true)) },
        { CertificateUse.Sign, "authority", d => d.IsAuthority = true },
        { CertificateUse.Seal, "keyAgreement", d => d.Usage |= X509KeyUsageFlags.DigitalSignature },
        { CertificateUse.Seal, "P-256", d => d.Curve = ECCurve.NamedCurves.nistP384 },
        { CertificateUse.Seal, "bureau", d => d.Uris[0] = "urn:backbone:node:node" },
        { CertificateUse.Tls, "clientAuth", d => d.Extended.Add("1.3.6.1.5.5.7.3.1") },
        { CertificateUse.Tls, "P-256", d => d.Curve = ECCurve.NamedCurves.nistP384 },
        { CertificateUse.Tls, "serverAuth", d => d.Uris[0] = "urn:backbone:node:node" },
        { CertificateUse.Tls, "host", d => { d.Uris[0] = "urn:backbone:node:node"; d.Extended.Add("1.3.6.1.5.5.7.3.1"); } },
    };

    [Fact]
    public void A_peer_is_accepted_by_role_and_only_a_node_as_server()
    {
        HolderRole[] gateways = [HolderRole.Bureau];

        Assert.True(Sample.Anchor.AcceptsPeer(_bureau.Tls, gateways, Sample.Now, asServer: false, out var holder, out var problem), problem);
        Assert.Equal(Holder.Bureau("FR"), holder);
        Assert.True(Sample.Anchor.AcceptsPeer(_node.Tls, [HolderRole.Node], Sample.Now, asServer: true, out _, out _));
        Assert.False(Sample.Anchor.AcceptsPeer(_node.Tls, gateways, Sample.Now, asServer: false, out _, out _));
        Assert.False(Sample.Anchor.AcceptsPeer(_bureau.Tls, gateways, Sample.Now, asServer: true, out _, out _));
        Assert.False(Sample.Anchor.AcceptsPeer(_bureau.Sign, gateways, Sample.Now, asServer: false, out holder, out _));
        Assert.Equal(default, holder);
        Assert.False(Sample.Anchor.AcceptsPeer(null, gateways, Sample.Now, asServer: false, out _, out _));
    }

    [Fact]
    public void The_TLS_policy_downloads_nothing_and_trusts_only_the_pinned_authority()
    {
        var policy = Sample.Anchor.TlsPolicy(serverAuth: true);

        Assert.True(policy.DisableCertificateDownloads);
        Assert.Equal(X509ChainTrustMode.CustomRootTrust, policy.TrustMode);
        Assert.Equal(X509RevocationMode.NoCheck, policy.RevocationMode);
        Assert.Equal("1.3.6.1.5.5.7.3.1", policy.ApplicationPolicy[0].Value);
        Assert.Single(policy.CustomTrustStore);
    }

    [Fact]
    public void A_file_that_holds_no_authority_is_not_pinned()
    {
        Assert.Throws<ArgumentException>(() => TrustAnchor.FromPem(""));
        Assert.Throws<ArgumentException>(() => TrustAnchor.FromPem(Sample.Pem(_bureau.Sign!)));
        using var second = CertificateAuthority.Create("B", Sample.Now, p384: true);
        Assert.Equal(2, TrustAnchor.FromPem(Sample.Authority.CertificatePem + second.CertificatePem).Certificates.Count);
    }

    [Fact]
    public void Keys_are_read_by_name_and_what_is_missing_is_named()
    {
        var issued = Sample.Authority.IssueAll(Holder.Bureau("IT"), Sample.Now);
        var files = new Dictionary<string, string>(issued.Files)
        {
            ["seal.1.pem"] = Sample.Pem(_bureau.Seal!), // another holder's
            ["seal.1.key"] = Sample.KeyPem(_bureau.Seal!),
        };
        static string Problem(Func<string, string?> read) => Assert.Throws<ArgumentException>(() => HolderKeys.FromPem(read)).Message;

        Assert.Contains("seal.1.pem", Problem(files.GetValueOrDefault));
        Assert.Contains("tls.pem", Problem(_ => null));
        Assert.Contains("sign.key", Problem(n => n == "sign.key" ? null : issued.Files.GetValueOrDefault(n)));
        Assert.Contains("sign.pem", Problem(n => issued.Files.GetValueOrDefault(n.Replace("sign", "seal"))));
        Assert.Contains("key", Problem(n => issued.Files.GetValueOrDefault(n.Replace("sign.key", "tls.key"))));
    }

    [Fact]
    public void An_authority_kept_as_files_issues_as_before()
    {
        using var reopened = CertificateAuthority.FromPem(Sample.Authority.CertificatePem, Sample.Authority.ExportKeyPem());
        using var keys = reopened.IssueAll(Holder.Bureau("PT"), Sample.Now).OpenKeys();

        Assert.True(Judge(keys.Seal!, CertificateUse.Seal).Ok);
        Assert.Throws<ArgumentException>(() => CertificateAuthority.FromPem(Sample.Pem(_bureau.Sign!), Sample.KeyPem(_bureau.Sign!)));
    }

    private static CertificateVerdict Judge(X509Certificate2 certificate, CertificateUse use) => Sample.Anchor.Judge(certificate, use, Sample.Now);
}
