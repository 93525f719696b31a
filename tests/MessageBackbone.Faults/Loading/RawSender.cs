using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using MessageBackbone.Faults.Houses;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Faults.Loading;

/// <summary>
/// A bureau without a gateway of ours: it sends each message twice at once, in another order than it made them, and after any doubt the same bytes again.
/// </summary>
internal sealed class RawSender : IDisposable
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10), BetweenTries = TimeSpan.FromMilliseconds(300);

    private readonly House _house;
    private readonly Journal _journal;
    private readonly string _code;
    private readonly HolderKeys _keys;
    private readonly TrustAnchor _anchor;
    private readonly GrpcChannel _channel;
    private readonly Random _random;
    private int _number;

    public RawSender(House house, Journal journal, string code, int seed)
    {
        (_house, _journal, _code, _random) = (house, journal, code, new Random(seed));
        _keys = HolderKeys.FromPem(name => Path.Combine(house.PkiFolder, code, name) is var file && File.Exists(file) ? File.ReadAllText(file) : null);
        _anchor = TrustAnchor.FromPem(File.ReadAllText(Path.Combine(house.PkiFolder, "ca.pem")));
        _channel = GrpcChannel.ForAddress(house.NodeAddress, new GrpcChannelOptions { HttpHandler = NewHandler(), DisposeHttpClient = true });
    }

    /// <summary>Sends until <paramref name="stop"/>; then until what it has begun is answered, or <paramref name="giveUp"/>.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken giveUp)
    {
        var running = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            var batch = Enumerable.Range(0, _random.Next(1, 6)).Select(_ => Compose(_house.Gateways.ElementAt(_random.Next(_house.Gateways.Count)))).ToList();
            batch.Reverse();
            foreach (var (sent, envelope) in batch)
            {
                running.Add(SubmitAsync(sent, envelope, giveUp));
                running.Add(SubmitAsync(sent, envelope, giveUp));
            }
            running.RemoveAll(task => task.IsCompletedSuccessfully);
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(100, 600)), TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(running);
    }

    /// <summary>One message, until it is answered. Returns what sends the same bytes once more, until they are.</summary>
    public async Task<Func<Task>> SendAsync(string to, CancellationToken giveUp)
    {
        var (sent, envelope) = Compose(to);
        await SubmitAsync(sent, envelope, giveUp);
        return () => SubmitAsync(sent, envelope, giveUp);
    }

    public void Dispose()
    {
        _channel.Dispose();
        _keys.Dispose();
    }

    private (Sent Sent, Envelope Envelope) Compose(string to)
    {
        var (at, precedence) = (TimeProvider.System.GetUtcNow(), (Precedence)_random.Next(1, 5));
        var header = new MessageHeader
        {
            To = { to },
            Precedence = precedence,
            Kind = "text",
            Reference = $"{_code}/{++_number}",
            Handling = new Handling { Classification = Classification.OfficialUseOnly, Purpose = Purpose.Investigation },
            BodyForm = BodyForm.Sealed,
        };
        using var seal = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_house.PkiFolder, to, "seal.pem"));
        var envelope = MessageComposing.Compose(
            new MessageDraft(header, new SealedContent { Text = "x" }), [seal], _keys.Sign!, MessageId.New(at), BureauCode.Parse(_code), at);
        return (new Sent(header.Reference, _code, [to], precedence.ToString(), Taken: null), envelope);
    }

    private async Task SubmitAsync(Sent sent, Envelope envelope, CancellationToken giveUp)
    {
        if (_journal.Find(sent.Reference) is null) _journal.Write(sent);
        var exchange = new ExchangeService.ExchangeServiceClient(_channel);
        while (!giveUp.IsCancellationRequested)
        {
            try
            {
                await exchange.SubmitAsync(new SubmitRequest { Envelope = envelope }, deadline: DateTime.UnixEpoch + Deadline(), cancellationToken: giveUp);
                _journal.Update(sent.Reference, static before => before with { Taken = true });
                return;
            }
            catch (RpcException)
            {
                // Refused, broken or without an answer: the same bytes again, whatever it was.
                await Task.Delay(BetweenTries, TimeProvider.System, giveUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static TimeSpan Deadline() => TimeProvider.System.GetUtcNow() + AnswerWithin - DateTimeOffset.UnixEpoch;

    private SocketsHttpHandler NewHandler() => new()
    {
        EnableMultipleHttp2Connections = true,
        UseProxy = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            ClientCertificateContext = SslStreamCertificateContext.Create(_keys.Tls, additionalCertificates: null, offline: true),
            CertificateChainPolicy = _anchor.TlsPolicy(serverAuth: true),
            RemoteCertificateValidationCallback = (_, peer, _, errors) => errors == SslPolicyErrors.None
                && _anchor.AcceptsPeer(peer as X509Certificate2, [HolderRole.Node], TimeProvider.System.GetUtcNow(), asServer: true, out _, out _),
        },
    };
}
