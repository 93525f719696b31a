using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.EndToEnd.Processes;
using MessageBackbone.Fixtures;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.EndToEnd.Hostile;

/// <summary>Everything that is no message, in turn, as a bureau of this house and a stranger send it; each is answered or cut off.</summary>
internal sealed class BadSubmissions : IDisposable
{
    private const string Path = "/backbone.v1.ExchangeService/Submit";

    private readonly Party _sender, _recipient;
    private readonly HttpClient _http;
    private readonly HostileConnection _known, _unknown;
    private readonly Envelope _good;
    private readonly Func<Task>[] _kinds;

    public BadSubmissions(House house)
    {
        var clock = new ShiftedClock();
        var anchor = TrustAnchor.FromPem(File.ReadAllText(System.IO.Path.Combine(house.PkiFolder, "ca.pem")), null);
        Party Of(string bureau) => new(Issued(HolderFolder.Open(house.PkiFolder, bureau)), house.NodeAddress, anchor, clock);
        (_sender, _recipient) = (Of("FR"), Of("DE"));
        _good = _sender.Compose(_recipient);
        _http = new HttpClient(Party.NewHandler(_sender.Keys.Tls, anchor, clock)) { BaseAddress = house.NodeAddress };
        _known = new HostileConnection(house.NodeAddress, Party.TlsTo(_sender.Keys.Tls, anchor, clock));
        using var nobody = CertificateAuthority.Create("Nobody", clock.GetUtcNow());
        _unknown = new HostileConnection(
            house.NodeAddress, Party.TlsTo(nobody.IssueAll(Holder.Bureau("FR"), clock.GetUtcNow()).OpenKeys().Tls, anchor, clock));
        var altered = _good.Header.ToByteArray();
        altered[^1] ^= 1;
        _kinds =
        [
            () => RefusedAsync("MALFORMED", new Envelope { Header = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(2048)), Body = _good.Body }),
            () => RefusedAsync("BAD_SIGNATURE", new Envelope { Header = ByteString.CopyFrom(altered), Body = _good.Body }),
            () => RefusedAsync("BODY_MISMATCH", new Envelope { Header = _good.Header, Body = ByteString.CopyFromUtf8("another") }),
            () => AnsweredAsync(new ByteArrayContent(RandomNumberGenerator.GetBytes(2048))),
            () => AnsweredAsync(new HalfAnEnvelope(new SubmitRequest { Envelope = _good }, abort: false)),
            () => Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(new HalfAnEnvelope(new SubmitRequest { Envelope = _good }, abort: true))),
            () => _known.ClosesAsync(HostileConnection.GarbageFrame()),
            () => _known.ClosesAsync(RandomNumberGenerator.GetBytes(64 * 1024)),
            () => _known.LeaveAsync(HostileConnection.HalfACall(Path, new SubmitRequest { Envelope = _good })),
            () => _unknown.ClosesAsync([]),
        ];
    }

    public Task SendAsync(int count) => Parallel.ForAsync(
        0, count, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken },
        async (i, _) => await _kinds[i % _kinds.Length]());

    public async Task SendGoodAsync() => Assert.False((await _sender.SubmitAsync(_good)).Duplicate);

    public void Dispose()
    {
        _http.Dispose();
        _sender.Dispose();
        _recipient.Dispose();
    }

    private static IssuedHolder Issued(HolderFolder folder) =>
        new(folder.Holder, Directory.EnumerateFiles(folder.Path).ToDictionary(file => System.IO.Path.GetFileName(file), File.ReadAllText));

    private async Task RefusedAsync(string reason, Envelope envelope)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => _sender.SubmitAsync(envelope));
        Assert.Equal(reason, RefusalDetails.Of(failure)?.Reason);
    }

    private async Task AnsweredAsync(HttpContent content)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using var response = await PostAsync(content);
        Assert.NotEqual("0", response.TrailingHeaders.Concat(response.Headers).Single(header => header.Key == "grpc-status").Value.Single());
    }

    private async Task<HttpResponseMessage> PostAsync(HttpContent content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        return await _http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
