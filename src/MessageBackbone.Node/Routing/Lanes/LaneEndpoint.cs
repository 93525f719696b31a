using System.Diagnostics;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>The receive endpoint of one lane: connected once, then stopped and started as gateways come and go.</summary>
/// <remarks>Connecting anew leaks; stopping with the lane's token hangs and strands messages: begin the stop, then cancel the handlers.</remarks>
internal sealed class LaneEndpoint(LaneKey lane, Func<LaneKey, MessageHandler<LaneReference>, HostReceiveEndpointHandle> connect, TimeProvider clock, ILogger logger)
    : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private HostReceiveEndpointHandle? _handle;
    private volatile Attachment? _current;

    /// <summary>Attached, and not detached since.</summary>
    public bool IsAttached => _current is { Ready: true, Gone.IsCancellationRequested: false };

    public ILaneAttachment Attach(Action<HeldReference> take, Func<CancellationToken, Task> ready, Func<Task> attached, Func<Task> detached)
    {
        var attachment = new Attachment(this, take, detached);
        attachment.Begin(ready, attached);
        return attachment;
    }

    public void Dispose() => _gate.Dispose();

    private async Task StartAsync(Attachment attachment, Func<CancellationToken, Task> ready, Func<Task> attached)
    {
        var backOff = new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));
        var gone = attachment.Gone;
        while (!gone.IsCancellationRequested)
        {
            try
            {
                await ready(gone);
                await _gate.WaitAsync(gone);
                try
                {
                    await OpenAsync(attachment, gone);
                }
                finally
                {
                    _gate.Release();
                }
                await attached();
                return;
            }
            catch (OperationCanceledException) when (gone.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                // The broker is away or refuses the queue: messages wait in the plan, the next try may find it mended.
                RoutingLog.LaneNotAttached(logger, lane.ToString(), fault.Message);
                await Task.WhenAny(backOff.WaitAsync(clock, gone));
            }
        }
    }

    private async Task OpenAsync(Attachment attachment, CancellationToken gone)
    {
        gone.ThrowIfCancellationRequested();
        _current = attachment;
        attachment.Open = true;
        if (_handle is null)
        {
            _handle = connect(lane, HandleAsync);
            await _handle.Ready.WaitAsync(gone);
        }
        else
        {
            await _handle.ReceiveEndpoint.Start(CancellationToken.None).Ready.WaitAsync(gone);
        }
        attachment.Ready = true;
    }

    private async Task CloseAsync(Attachment attachment)
    {
        await _gate.WaitAsync();
        try
        {
            if (!attachment.Open) return;
            // Stop stops taking in and waits for the handlers; they end when the attachment's token is cancelled, which is why it comes second.
            var stopping = _handle is null ? Task.CompletedTask : _handle.ReceiveEndpoint.Stop(CancellationToken.None);
            await attachment.ReturnHeldAsync();
            await stopping;
            _current = null;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task HandleAsync(ConsumeContext<LaneReference> context)
    {
        var attachment = _current;
        var held = new HeldReference(context.Message, Activity.Current?.Id ?? context.Message.TraceParent);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, attachment?.Returning ?? new CancellationToken(true));
        try
        {
            if (!ended.IsCancellationRequested) attachment!.Take(held);
            await held.Settled.WaitAsync(ended.Token);
        }
        finally
        {
            held.Over();
        }
    }

    private sealed class Attachment(LaneEndpoint endpoint, Action<HeldReference> take, Func<Task> detached) : ILaneAttachment
    {
        private readonly CancellationTokenSource _gone = new();
        private readonly CancellationTokenSource _returning = new();
        private Task _starting = Task.CompletedTask;

        public CancellationToken Gone => _gone.Token;

        public CancellationToken Returning => _returning.Token;

        public Task Attached => _starting;

        public bool Open { get; set; }

        public bool Ready { get; set; }

        public void Take(HeldReference held) => take(held);

        public void Begin(Func<CancellationToken, Task> ready, Func<Task> attached) => _starting = endpoint.StartAsync(this, ready, attached);

        public Task ReturnHeldAsync() => _returning.CancelAsync();

        public async ValueTask DisposeAsync()
        {
            await _gone.CancelAsync();
            await _starting;
            await endpoint.CloseAsync(this);
            await detached();
        }
    }
}
