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
    private readonly DeliveryLanes _lanes;
    private readonly Task[] _running;
    private readonly Task<Task> _failed;

    public CarryLanes(
        DeliveryCheck check, Quarantining quarantining, InboxStore inbox, OutboxQueue queue, GatewayObservers observers, GatewayMeter meter, LaneSlots slots, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var outlet = new ReceiptOutlet(this);
        var counted = new GatewayObservers();
        counted.Add(happened => Count(happened, observers));
        _lanes = new DeliveryLanes(check, quarantining, inbox, queue, outlet, counted, meter, slots, clock) { GivenUp = GiveUp };
        _running = [.. _lanes.Run(_ending.Token), outlet.RunAsync(_ending.Token)];
        _failed = Task.WhenAny(_running);
    }

    public ulong Taken { get; private set; }

    public ulong Repeated { get; private set; }

    /// <summary>Receipted REFUSED or QUARANTINED, or not to be receipted at all.</summary>
    public ulong Refused { get; private set; }

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

    // One delivery is stored, and its receipt with it: from here a line would carry that.
    public Task WriteAsync(FromGateway message)
    {
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

    // On the one loop that answers, so no two at a time.
    private void Count(GatewayEvent happened, GatewayObservers observers)
    {
        if (happened is GatewayEvent.Received received)
        {
            if (received.Repeated) Repeated++;
            else if (received.Outcome == DeliveryOutcome.Delivered) Taken++;
            else Refused++;
        }
        observers.Tell(happened);
    }

    private void GiveUp()
    {
        Refused++;
        _room.Release();
    }
}
