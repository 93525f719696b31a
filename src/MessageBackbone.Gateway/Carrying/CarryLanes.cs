using Grpc.Core;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Receiving;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Carrying;

/// <summary>Deliveries of one file on their way into the inbox, as those of an attendance: their receipts go to disk, and from there into the next file.</summary>
internal sealed class CarryLanes : IClientStreamWriter<FromGateway>, IAsyncDisposable
{
    private const int MostOpen = 64;

    private readonly SemaphoreSlim _room = new(MostOpen, MostOpen);
    private readonly CancellationTokenSource _ending;
    private readonly CarryCounts _counts = new();
    private readonly ReceiptOutlet _outlet;
    private readonly DeliveryLanes _lanes;
    private readonly Task[] _running;
    private readonly Task<Task> _failed;

    public CarryLanes(
        DeliveryCheck check, Quarantining quarantining, InboxStore inbox, OutboxQueue queue, GatewayObservers observers, GatewayMeter meter, LaneSlots slots, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _outlet = new ReceiptOutlet(this);
        var counted = new GatewayObservers();
        counted.Add(happened =>
        {
            if (happened is GatewayEvent.Received received) _counts.Add(received);
            observers.Tell(happened);
        });
        _lanes = new DeliveryLanes(check, quarantining, inbox, queue, _outlet, counted, meter, slots, clock) { GivenUp = GiveUp };
        _running = [.. _lanes.Run(_ending.Token), _outlet.RunAsync(_ending.Token)];
        _failed = Task.WhenAny(_running);
    }

    public ulong Taken => _counts.Taken;

    public ulong Repeated => _counts.Repeated;

    /// <inheritdoc cref="CarryCounts.Refused"/>
    public ulong Refused => _counts.Refused;

    /// <summary>Receipts that are kept in memory.</summary>
    public int Unanswered => _outlet.Unanswered;

    public WriteOptions? WriteOptions { get; set; }

    /// <summary>Returns when there is room for more. Throws what ended the lanes.</summary>
    public async Task TakeAsync(Delivery delivery, string house)
    {
        await EnterAsync();
        _lanes.Take(delivery, house, _ending.Token);
    }

    /// <summary>Everything taken is in the inbox with its receipt, or given up.</summary>
    public async Task FinishAsync()
    {
        for (var place = 0; place < MostOpen; place++) await EnterAsync();
    }

    // One delivery is stored, and its receipt with it: from here a line would carry that. No node answers here, so nothing of it is kept for an answer.
    public Task WriteAsync(FromGateway message)
    {
        _outlet.Answered(message.Receipt.DeliveryId);
        _lanes.Settle();
        _room.Release();
        return Task.CompletedTask;
    }

    public Task WriteAsync(FromGateway message, CancellationToken cancellationToken) => WriteAsync(message);

    public Task CompleteAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
        _room.Dispose();
    }

    private async Task EnterAsync()
    {
        var place = _room.WaitAsync(_ending.Token);
        if (await Task.WhenAny(place, _failed) != place) await await _failed;
        await place;
    }

    private void GiveUp()
    {
        _counts.GiveUp();
        _room.Release();
    }
}
