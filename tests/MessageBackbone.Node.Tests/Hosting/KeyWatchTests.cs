using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Hosting;

public sealed class KeyWatchTests
{
    private static readonly Holder Node = new(HolderRole.Node, "node");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_renewed_certificate_is_shown_to_whoever_connects_next_and_open_streams_stay()
    {
        await using var house = await House.OpenAsync(Soon, "FR", "DE");
        using var attending = await Attending.OpenAsync(house, "DE");
        var before = await ShownAsync(house);

        house.Renew(Node, CertificateUse.Tls, CertificateUse.Sign);

        await Eventually.TrueAsync("the renewed certificate is shown", async () => await ShownAsync(house) != before);
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        await attending.RecordAsync(await attending.DeliveryAsync());
    }

    [Fact]
    public async Task Files_that_cannot_be_used_change_nothing_and_are_told_once()
    {
        await using var house = await House.OpenAsync(Soon, "FR", "DE");
        var before = await ShownAsync(house);
        var file = Path.Combine(house.Options.HolderFolder, "tls.pem");
        var good = await File.ReadAllTextAsync(file, Cancel);

        await File.WriteAllTextAsync(file, "what a full disk leaves", Cancel);
        await Eventually.TrueAsync("it was told", () => Told(house) == 1);
        Assert.Equal(before, await ShownAsync(house));
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        await File.WriteAllTextAsync(file, "still not", Cancel);
        await Eventually.TrueAsync("the next one was told", () => Told(house) == 2);

        await File.WriteAllTextAsync(file, good, Cancel);
        house.Renew(Node, CertificateUse.Tls);
        await Eventually.TrueAsync("the renewed certificate is shown", async () => await ShownAsync(house) != before);
    }

    [Fact]
    public async Task The_keys_of_another_node_are_not_taken()
    {
        await using var house = await House.OpenAsync(Soon, "FR");
        var before = await ShownAsync(house);

        foreach (var (name, text) in house.Ca.IssueAll(new Holder(HolderRole.Node, "other"), house.Clock.GetUtcNow()).Files)
            await File.WriteAllTextAsync(Path.Combine(house.Options.HolderFolder, name), text, Cancel);

        await Eventually.TrueAsync("it was told", () => house.Logs.Lines.Any(line => line.Contains("urn:backbone:node:other", StringComparison.Ordinal)));
        Assert.Equal(before, await ShownAsync(house));
    }

    private static void Soon(NodeOptions options) => options.KeysReadEvery = TimeSpan.FromMilliseconds(50);

    private static int Told(House house) => house.Logs.Lines.Count(line => line.Contains("cannot be used as they are now", StringComparison.Ordinal));

    /// <summary>Thumbprint of the certificate that the node shows on a connection of its own.</summary>
    private static async Task<string> ShownAsync(House house)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(house.Node.GrpcAddress.Host, house.Node.GrpcAddress.Port, Cancel);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(Party.TlsTo(house["FR"].Keys.Tls, house.Anchor, house.Clock), Cancel);
        return tls.RemoteCertificate!.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
    }
}
