using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Hosting;

public sealed class HostileConnectionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_certificate_nobody_is_served()
    {
        await using var house = await House.OpenAsync();
        using var channel = Party.Connect(house.Node.GrpcAddress, tls: null, house.Anchor, house.Clock);

        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
            await new DirectoryService.DirectoryServiceClient(channel).ListBureausAsync(new ListBureausRequest(), cancellationToken: Cancel));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }

    [Fact]
    public async Task Older_tls_is_not_spoken()
    {
        await using var house = await House.OpenAsync("FR");
        var options = Party.TlsTo(house["FR"].Keys.Tls, house.Anchor, house.Clock);
        options.EnabledSslProtocols = SslProtocols.Tls12;

        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(house, options));
    }

    [Fact]
    public async Task A_certificate_of_an_unknown_issuer_is_turned_away_and_its_address_is_not_asked()
    {
        await using var house = await House.OpenAsync("FR");
        using var issuerServer = new TcpListener(IPAddress.Loopback, 0);
        issuerServer.Start();
        using var stranger = Stranger(((IPEndPoint)issuerServer.LocalEndpoint).Port);

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var tls = await ConnectAsync(house, Party.TlsTo(stranger, house.Anchor, house.Clock));
            // In TLS 1.3 a client learns with its first read that its certificate was refused.
            Assert.NotEqual(0, await tls.ReadAsync(new byte[1], Cancel));
            Assert.NotEqual(0, await tls.ReadAsync(new byte[64], Cancel));
            throw new InvalidDataException("closed");
        });

        Assert.False(issuerServer.Pending());
        await ServesAsync(house);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(64 * 1024)]
    public async Task Garbage_instead_of_frames_closes_the_connection(int bytes)
    {
        await using var house = await House.OpenAsync("FR", "DE");
        await using var tls = await ConnectAsync(house, Party.TlsTo(house["FR"].Keys.Tls, house.Anchor, house.Clock));

        await ReadToEndAsync(tls, RandomNumberGenerator.GetBytes(bytes));

        await ServesAsync(house);
        Assert.Equal(1, await house.CountAsync("message.accepted.v1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_half_sent_envelope_leaves_no_message(bool abort)
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var envelope = house["FR"].Compose(house["DE"]);
        using var http = new HttpClient(Party.NewHandler(house["FR"].Keys.Tls, house.Anchor, house.Clock));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(house.Node.GrpcAddress, "/backbone.v1.ExchangeService/Submit"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new HalfAnEnvelope(new SubmitRequest { Envelope = envelope }, abort),
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));

        if (abort)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => http.SendAsync(request, Cancel));
        }
        else
        {
            using var response = await http.SendAsync(request, Cancel);
            Assert.NotEqual("0", response.TrailingHeaders.Concat(response.Headers).Single(header => header.Key == "grpc-status").Value.Single());
        }

        await ServesAsync(house);
        Assert.Equal(1, await house.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task Connections_beyond_the_caps_are_closed()
    {
        await using var house = await House.OpenAsync(options => options.Limits.ConnectionsPerCertificate = 2, "FR");
        var tls = Party.TlsTo(house["FR"].Keys.Tls, house.Anchor, house.Clock);
        var connections = new List<SslStream>();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                connections.Add(await ConnectAsync(house, tls));
            }

            // The party's own connection was the first; of these three at least one is more than may be.
            await await Task.WhenAny(connections.Select(connection => ClosedAsync(connection)));
        }
        finally
        {
            foreach (var connection in connections)
            {
                await connection.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Connections_that_never_shake_hands_are_few_per_address()
    {
        await using var house = await House.OpenAsync(options => options.Limits.HandshakesPerAddress = 4);
        Socket[] sockets = [.. Enumerable.Range(0, 6).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp))];
        try
        {
            var made = 0;
            try
            {
                for (; made < sockets.Length; made++)
                {
                    await sockets[made].ConnectAsync(IPAddress.Loopback, house.Node.GrpcAddress.Port, Cancel);
                }
            }
            catch (SocketException) when (made >= 3)
            {
                // Closed so early that connecting itself tells of it: what is waited for below has happened.
                return;
            }

            await await Task.WhenAny(sockets.Select(socket => ClosedAsync(new NetworkStream(socket, ownsSocket: false))));
        }
        finally
        {
            Array.ForEach(sockets, socket => socket.Dispose());
        }
    }

    private static async Task<SslStream> ConnectAsync(House house, SslClientAuthenticationOptions options)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, house.Node.GrpcAddress.Port, Cancel);
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(options, Cancel);
        return tls;
    }

    private static async Task ClosedAsync(Stream stream)
    {
        try
        {
            var buffer = new byte[1024];
            while (await stream.ReadAsync(buffer, Cancel) > 0)
            {
                continue; // the settings that a server begins with
            }
        }
        catch (IOException)
        {
            // Reset rather than closed: gone either way.
            return;
        }
    }

    private static async Task ReadToEndAsync(SslStream tls, byte[] garbage)
    {
        try
        {
            await tls.WriteAsync(garbage, Cancel);
        }
        catch (IOException)
        {
            return;
        }

        await ClosedAsync(tls);
    }

    private static async Task ServesAsync(House house)
    {
        var recipient = await house.AddBureauAsync("JP");
        Assert.False((await house["FR"].SubmitAsync(house["FR"].Compose(recipient))).Duplicate);
    }

    private static X509Certificate2 Stranger(int port)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=FR", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(
            [$"http://127.0.0.1:{port}/ocsp"], [$"http://127.0.0.1:{port}/issuer.der"]));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        var now = TimeProvider.System.GetUtcNow();
        using var signed = request.Create(
            new X500DistinguishedName("CN=Nobody"), X509SignatureGenerator.CreateForECDsa(issuerKey), now.AddMinutes(-5), now.AddDays(1), [1, 2, 3, 4]);
        return signed.CopyWithPrivateKey(key);
    }
}
