using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Fixtures;
using MessageBackbone.Gateway.LocalApi;

namespace MessageBackbone.Gateway.Tests.LocalApi;

public sealed class LocalCertificateTests
{
    [Fact]
    public async Task An_exchanged_certificate_is_shown_to_whoever_connects_and_ends_no_open_connection()
    {
        var clock = new ShiftedClock();
        await using var api = await LoneLocalApi.StartAsync(clock: clock);
        var first = await api.CertificateAsync();
        Assert.Equal(200, (await api.GetAsync("/status")).Status);
        using var other = new TemporaryFolder();
        using var renewed = LocalSecrets.ServerCertificate(other.Path, clock.GetUtcNow());

        // Its key is not there yet: it cannot be used, and the one before goes on.
        File.Copy(other.File("local-api.pem"), api.File("local-api.pem"), overwrite: true);
        clock.Elapse(TimeSpan.FromSeconds(10));
        Assert.Equal(first, await api.CertificateAsync());
        File.Copy(other.File("local-api.key"), api.File("local-api.key"), overwrite: true);
        Assert.Equal(first, await api.CertificateAsync());
        clock.Elapse(TimeSpan.FromSeconds(10));

        Assert.Equal(renewed.RawData, await api.CertificateAsync());
        // This client pins the first one: it can only go on over the connection that it has.
        Assert.Equal(200, (await api.GetAsync("/status")).Status);
    }

    [Fact]
    public async Task What_ends_within_thirty_days_is_renewed_while_the_gateway_runs()
    {
        var clock = new ShiftedClock();
        await using var api = await LoneLocalApi.StartAsync(clock: clock);
        var first = await api.CertificateAsync();
        clock.Advance(TimeSpan.FromDays(800));
        clock.Elapse(TimeSpan.FromDays(800));

        var second = await api.CertificateAsync();

        Assert.NotEqual(first, second);
        using var kept = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(api.File("local-api.pem"), TestContext.Current.CancellationToken));
        Assert.Equal(kept.RawData, second);
    }
}
