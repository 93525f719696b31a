using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.EventStoreStandIn;
using static MessageBackbone.EventLog.ExpectedRevision;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>Who may, and whom to trust. What is wrong for good is said at the start, and never tried again in silence.</summary>
public sealed class AccessTests : StandInScenario
{
    private static readonly StandInUser[] Users = [new("backbone", "p@ss:word/%"), new("reader", "read", IsAdministrator: false)];

    [Theory]
    [InlineData("backbone:p%40ss%3Aword%2F%25@", null)]
    [InlineData("backbone:wrong@", "refused the user")]
    [InlineData("nobody:p%40ss%3Aword%2F%25@", "refused the user")]
    [InlineData("reader:read@", "refused the user")]
    [InlineData("", "refused the user")]
    public async Task A_user_who_may_not_read_everything_is_refused_with_clear_words(string user, string? refused)
    {
        var server = await StartAsync(new() { Users = Users });
        Space.Options.ConnectionString = server.ConnectionString.Replace("esdb://", $"esdb://{user}", StringComparison.Ordinal);
        if (refused is null)
        {
            await OpenAsync();
            Assert.IsType<AppendOutcome.Appended>(await Append(Stream(), NoStream, Event()));
            return;
        }

        var said = await MustNotOpen();
        Assert.Contains(refused, said.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("p@ss", $"{said}", StringComparison.Ordinal);
        Assert.DoesNotContain("p%40ss", $"{said}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_certificate_must_come_from_the_authority_that_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("authorities-");
        using var ours = NewAuthority();
        using var others = NewAuthority();
        var (oursFile, othersFile) = (Path.Combine(folder.FullName, "ours.pem"), Path.Combine(folder.FullName, "others.pem"));
        await File.WriteAllTextAsync(oursFile, ours.ExportCertificatePem(), Cancel);
        await File.WriteAllTextAsync(othersFile, others.ExportCertificatePem(), Cancel);
        using var certificate = NewCertificate(ours);
        var server = await StartAsync(new() { Certificate = certificate, Users = Users });
        var address = $"esdb://backbone:p%40ss%3Aword%2F%25@127.0.0.1:{server.Port}?tls=true";

        foreach (var wrong in new[] { $"{address}&tlsCaFile={othersFile}", address })
        {
            Space.Options.ConnectionString = wrong;
            Assert.Contains("TLS with the event log did not come about", (await MustNotOpen()).Message, StringComparison.Ordinal);
        }

        foreach (var right in new[] { $"{address}&tlsCaFile={oursFile}", $"{address}&tlsVerifyCert=false" })
        {
            Space.Options.ConnectionString = right;
            await OpenAsync();
            Assert.IsType<AppendOutcome.Appended>(await Append(Stream(), NoStream, Event()));
        }

        await File.WriteAllTextAsync(oursFile, "no certificate", Cancel);
        Space.Options.ConnectionString = $"{address}&tlsCaFile={oursFile}";
        Assert.Contains("cannot be read", (await MustNotOpen()).Message, StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    private static X509Certificate2 NewAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=authority {Guid.NewGuid():N}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(1));
    }

    private static X509Certificate2 NewCertificate(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=eventstoredb-node", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.Create(authority, new(authority.NotBefore), new(authority.NotAfter), [1, 2, 3, 4, 5, 6, 7, 8]);
        using var whole = made.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
