using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Fixtures;

/// <summary>Somebody with certificates and a connection to the node, as a gateway or a secretariat's tool would have.</summary>
internal sealed class Party : IDisposable
{
    private readonly ShiftedClock _clock;
    private readonly TrustAnchor _anchor;

    public Party(IssuedHolder issued, Uri node, TrustAnchor anchor, ShiftedClock clock)
    {
        (_clock, _anchor) = (clock, anchor);
        Keys = issued.OpenKeys();
        Channel = Connect(node, Keys.Tls, anchor, clock);
    }

    public HolderKeys Keys { get; }

    public string Name => Keys.Holder.Name;

    public GrpcChannel Channel { get; private set; }

    /// <summary>What its next messages say.</summary>
    public SealedContent Content { get; set; } = new() { Text = "Bonjour" };

    public ExchangeService.ExchangeServiceClient Exchange => new(Channel);

    public DirectoryService.DirectoryServiceClient Directory => new(Channel);

    /// <summary>Connects to the node where it is now.</summary>
    public void Reconnect(Uri node)
    {
        Channel.Dispose();
        Channel = Connect(node, Keys.Tls, _anchor, _clock);
    }

    public static GrpcChannel Connect(Uri node, X509Certificate2? tls, TrustAnchor anchor, TimeProvider clock) =>
        GrpcChannel.ForAddress(node, new GrpcChannelOptions { HttpHandler = NewHandler(tls, anchor, clock), DisposeHttpClient = true });

    public static SocketsHttpHandler NewHandler(X509Certificate2? tls, TrustAnchor anchor, TimeProvider clock) =>
        new() { EnableMultipleHttp2Connections = true, UseProxy = false, SslOptions = TlsTo(tls, anchor, clock) };

    /// <summary>As a gateway connects: the node's certificate is judged by the pinned authority and nothing is fetched, for our own certificate neither.</summary>
    public static SslClientAuthenticationOptions TlsTo(X509Certificate2? tls, TrustAnchor anchor, TimeProvider clock) => new()
    {
        TargetHost = "127.0.0.1",
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        ClientCertificateContext = tls is null ? null : SslStreamCertificateContext.Create(tls, additionalCertificates: null, offline: true),
        CertificateChainPolicy = anchor.TlsPolicy(serverAuth: true),
        RemoteCertificateValidationCallback = (_, peer, _, errors) =>
            errors == SslPolicyErrors.None
            && anchor.AcceptsPeer(peer as X509Certificate2, [HolderRole.Node], clock.GetUtcNow(), asServer: true, out _, out _),
    };

    /// <summary>Id of a message as its header says.</summary>
    public MessageHeader HeaderOf(Envelope envelope) => MessageHeader.Parser.ParseFrom(Read(envelope.Header).Content.Span);

    public SignedObject Read(ByteString signed) => SignedObject.TryRead(signed.Memory, out var read, out var problem) ? read : throw new InvalidDataException(problem);

    /// <summary>Signs an act of the secretariat, as of the house's clock.</summary>
    public DirectoryActRequest Order(IMessage act) => new() { Order = ByteString.CopyFrom(ReceiptBuilding.Sign(act, Keys.Sign!, _clock.GetUtcNow())) };

    public string NewActId() => MessageId.New(_clock.GetUtcNow()).Value;

    public Timestamp Now => _clock.GetUtcNow().ToTimestamp();

    /// <summary>A message, sealed to <paramref name="to"/> and whoever <paramref name="change"/> adds.</summary>
    public Envelope Compose(Party to, Action<MessageHeader>? change = null, params Party[] others) => Compose([to], change, others);

    public Envelope Compose(Party[] to, Action<MessageHeader>? change = null, params Party[] others)
    {
        var header = NewHeader(to, change);
        X509Certificate2[] sealTo = header.BodyForm == BodyForm.Clear ? [] : [.. to.Concat(others).Select(party => party.Keys.Seal!)];
        return MessageComposing.Compose(
            new MessageDraft(header, Content), sealTo, Keys.Sign!, MessageId.New(_clock.GetUtcNow()), BureauCode.Parse(Name), _clock.GetUtcNow());
    }

    /// <summary>The same message with other header fields, signed again: what a sender would send that does not keep to the rules.</summary>
    public Envelope Resign(Envelope envelope, Action<MessageHeader> change, Party? signer = null)
    {
        var header = MessageHeader.Parser.ParseFrom(Read(envelope.Header).Content.Span);
        change(header);
        return new Envelope { Header = ByteString.CopyFrom(ReceiptBuilding.Sign(header, (signer ?? this).Keys.Sign!, _clock.GetUtcNow())), Body = envelope.Body };
    }

    public async Task<SubmitReply> SubmitAsync(Envelope envelope) =>
        await Exchange.SubmitAsync(new SubmitRequest { Envelope = envelope }, cancellationToken: TestContext.Current.CancellationToken);

    public AcceptanceReceipt ReceiptOf(SubmitReply reply) =>
        ReceiptBuilding.TryRead(reply.Receipt.Memory, AcceptanceReceipt.Parser, out var signed, out var receipt, out var problem) && signed.VerifySignature()
            ? receipt
            : throw new InvalidDataException(problem);

    public void Dispose()
    {
        Channel.Dispose();
        Keys.Dispose();
    }

    private static MessageHeader NewHeader(Party[] to, Action<MessageHeader>? change)
    {
        var header = new MessageHeader
        {
            To = { to.Select(party => party.Name) },
            Precedence = Precedence.Priority,
            Kind = "text",
            Handling = new Handling { Classification = Classification.Restricted, Purpose = Purpose.Investigation },
            BodyForm = BodyForm.Sealed,
        };
        change?.Invoke(header);
        return header;
    }
}
