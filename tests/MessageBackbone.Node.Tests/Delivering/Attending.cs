using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Delivering;

/// <summary>The gateway's end of one attendance, on a connection of its own. It reads a frame only when a test asks for one, so it is as slow as the
/// test.</summary>
internal sealed class Attending : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly House _house;
    private readonly Party _party;
    private readonly GrpcChannel _channel;
    private readonly AsyncDuplexStreamingCall<FromGateway, ToGateway> _call;
    private readonly Queue<Delivery> _early = new();
    private readonly Dictionary<string, Precedence> _unsettled = [];

    private Attending(House house, Party party)
    {
        (_house, _party) = (house, party);
        _channel = Party.Connect(house.Node.GrpcAddress, party.Keys.Tls, house.Anchor, house.Clock);
        _call = new DeliveryService.DeliveryServiceClient(_channel).Attend(cancellationToken: Cancel);
    }

    public Welcome Welcome { get; private set; } = null!;

    /// <summary>Deliveries of each level without a Recorded, at most at any time so far.</summary>
    public Dictionary<Precedence, int> MostUnsettled { get; } = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Opens the stream and says nothing.</summary>
    public static Attending Begin(House house, Party party) => new(house, party);

    /// <summary>Opens the stream, says Hello and waits for Welcome.</summary>
    public static async Task<Attending> OpenAsync(House house, string bureau, Window? window = null)
    {
        var attending = Begin(house, house[bureau]);
        await attending.SendAsync(new FromGateway { Hello = new Hello { Bureau = bureau, Window = window, Contract = 1 } });
        attending.Welcome = (await attending.NextAsync()).Welcome;
        return attending;
    }

    public Task SendAsync(FromGateway frame) => _call.RequestStream.WriteAsync(frame, Cancel);

    public Task OpenWindowAsync(Window window) => SendAsync(new FromGateway { Window = window });

    /// <summary>The gateway has nothing more to say.</summary>
    public Task CompleteAsync() => _call.RequestStream.CompleteAsync();

    /// <summary>The next frame; fails with what the stream ended with.</summary>
    public async Task<ToGateway> NextAsync()
    {
        var moving = _call.ResponseStream.MoveNext(Cancel);
        if (await Task.WhenAny(moving, Task.Delay(Patience, Cancel)) != moving)
            throw new TimeoutException($"Nothing came in {Patience}. The node said:\n{string.Join('\n', _house.Logs.Lines)}");
        if (!await moving) throw new EndOfStreamException();
        var frame = _call.ResponseStream.Current;
        if (frame.Delivery is { } delivery) Count(delivery);
        return frame;
    }

    /// <summary>The next delivery, which must be the next frame, unless it came while an answer was waited for.</summary>
    public async Task<Delivery> DeliveryAsync()
    {
        if (_early.TryDequeue(out var early)) return early;
        var frame = await NextAsync();
        Assert.Equal(ToGateway.FrameOneofCase.Delivery, frame.FrameCase);
        return frame.Delivery;
    }

    public async Task<List<Delivery>> DeliveriesAsync(int count)
    {
        var deliveries = new List<Delivery>();
        while (deliveries.Count < count) deliveries.Add(await DeliveryAsync());
        return deliveries;
    }

    /// <summary>The next answer to a receipt; deliveries before it are kept.</summary>
    public async Task<ToGateway> AnswerAsync()
    {
        while (true)
        {
            var frame = await NextAsync();
            if (frame.Delivery is null) return frame;
            _early.Enqueue(frame.Delivery);
        }
    }

    public async Task<Recorded> RecordAsync(ByteString signed, string hint = "hint")
    {
        await SendAsync(new FromGateway { Receipt = new Receipt { DeliveryId = hint, Signed = signed } });
        var frame = await AnswerAsync();
        Assert.True(frame.Recorded is not null, $"{frame}");
        Assert.Equal(hint, frame.Recorded.DeliveryId);
        Forget(signed);
        return frame.Recorded;
    }

    public Task<Recorded> RecordAsync(Delivery delivery, DeliveryOutcome outcome = DeliveryOutcome.Delivered) =>
        RecordAsync(Sign(ReceiptFor(delivery.Envelope, outcome)), delivery.DeliveryId);

    public async Task<Refusal> RefusedAsync(ByteString signed)
    {
        await SendAsync(new FromGateway { Receipt = new Receipt { DeliveryId = "hint", Signed = signed } });
        var frame = await AnswerAsync();
        Assert.True(frame.ReceiptRefused is not null, $"{frame}");
        Assert.Equal("hint", frame.ReceiptRefused.DeliveryId);
        Refused.Check(frame.ReceiptRefused.Refusal);
        return frame.ReceiptRefused.Refusal;
    }

    /// <summary>The stream ends with this refusal; frames before it are passed over.</summary>
    public Task<Refused> EndsAsync(string reason) => Refused.ForAsync(reason, PassOverAsync);

    public async Task PassOverAsync()
    {
        while (true) await NextAsync();
    }

    public DeliveryReceipt ReceiptFor(Envelope envelope, DeliveryOutcome outcome = DeliveryOutcome.Delivered) => new()
    {
        MessageId = _party.HeaderOf(envelope).MessageId,
        HeaderSha256 = ByteString.CopyFrom(Digests.Sha256(envelope.Header.Span)),
        Recipient = _party.Name,
        Outcome = outcome,
        Reason = outcome is DeliveryOutcome.Refused or DeliveryOutcome.Quarantined ? "CANNOT_OPEN" : "",
        At = _house.Clock.GetUtcNow().ToTimestamp(),
        BodySha256 = _party.HeaderOf(envelope).BodySha256,
    };

    public ByteString Sign(DeliveryReceipt receipt, Party? signer = null) =>
        ByteString.CopyFrom(ReceiptBuilding.Sign(receipt, (signer ?? _party).Keys.Sign!, _house.Clock.GetUtcNow()));

    /// <summary>What is recorded of a delivery to this bureau, in order.</summary>
    public async Task<List<IMessage>> EventsAsync(Envelope envelope) =>
        [.. (await _house.ReadAsync(StreamOf(envelope))).Select(recorded => EventTypes.Parse(recorded.Type, recorded.Data))];

    public StreamId StreamOf(Envelope envelope) => StreamId.Delivery(_party.HeaderOf(envelope).MessageId, _party.Name);

    /// <summary>The connection breaks.</summary>
    public void Dispose()
    {
        _call.Dispose();
        _channel.Dispose();
    }

    private void Count(Delivery delivery)
    {
        var header = _party.HeaderOf(delivery.Envelope);
        _unsettled[header.MessageId] = header.Precedence;
        var now = _unsettled.Values.Count(precedence => precedence == header.Precedence);
        MostUnsettled[header.Precedence] = Math.Max(now, MostUnsettled.GetValueOrDefault(header.Precedence));
    }

    private void Forget(ByteString signed) => _unsettled.Remove(DeliveryReceipt.Parser.ParseFrom(_party.Read(signed).Content.Span).MessageId);
}
