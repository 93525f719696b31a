using System.Diagnostics;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>What a transport has a lane's endpoint wait for, and is told of it.</summary>
/// <param name="UpAsync">Completes when the lane can be received.</param>
/// <param name="Opened">References come from now on.</param>
/// <param name="ClosedAsync">They come no more, and what was held was given back.</param>
internal sealed record LaneHooks(Func<CancellationToken, Task<Uplink>> UpAsync, Action Opened, Func<Task> ClosedAsync);

/// <summary>The receive endpoint of one lane: connected once, then started and stopped as gateways come and go and as the broker does.</summary>
/// <remarks>Connecting anew leaks; stopping with the lane's token hangs and strands messages: begin the stop, then cancel the handlers. A lost broker
/// stops the endpoint too: started again it connects at once, left alone it would sit out MassTransit's own delay of up to 30 s.</remarks>
internal sealed class LaneEndpoint(
    LaneKey lane, Func<LaneKey, Uplink, MessageHandler<LaneReference>, HostReceiveEndpointHandle> connect, TimeProvider clock, ILogger logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _ended = new();
    private HostReceiveEndpointHandle? _handle;
    private Task _starting = Task.CompletedTask;
    private string _version = "";
    private bool _closedUntold;
    private volatile Session? _session;
    private volatile object _incarnation = new();

    /// <summary>Another object each time that the endpoint was stopped and what it held was given back.</summary>
    public object Incarnation => _incarnation;

    /// <summary>References come to an attachment now.</summary>
    public bool IsAttached => _session is { IsOpen: true, Returning.IsCancellationRequested: false };

    public ILaneAttachment Attach(Action<HeldReference> take, LaneHooks hooks) =>
        new LaneAttachment(attachment => RunAsync(attachment, take, hooks), _ended.Token);

    /// <summary>Ends the attachments that are left. A bus that stops while a handler waits would wait with it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _turn.WaitAsync();
        _turn.Dispose();
        _ended.Dispose();
    }

    private async Task RunAsync(LaneAttachment attachment, Action<HeldReference> take, LaneHooks hooks)
    {
        var gone = attachment.Gone;
        // A newer attachment waits here until the older one has given back what it held.
        await _turn.WaitAsync(gone);
        try
        {
            var backOff = new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));
            while (!gone.IsCancellationRequested)
            {
                try
                {
                    await ServeAsync(attachment, take, hooks);
                    backOff.Reset();
                }
                catch (Exception fault) when (!gone.IsCancellationRequested)
                {
                    // The broker is away or refuses the queue: messages wait in the plan, the next try may find it mended.
                    RoutingLog.LaneNotAttached(logger, lane.ToString(), fault.Message);
                    await backOff.WaitAsync(clock, gone);
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task ServeAsync(LaneAttachment attachment, Action<HeldReference> take, LaneHooks hooks)
    {
        var uplink = await hooks.UpAsync(attachment.Gone);
        await TellClosedAsync(hooks);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(attachment.Gone, uplink.Lost);
        using var session = new Session(take);
        _session = session;
        try
        {
            await OpenAsync(uplink, until.Token);
            session.IsOpen = true;
            hooks.Opened();
            attachment.Opened();
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, until.Token);
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            // Detached, or the broker is gone: the caller looks which, and either way what is held goes back.
            return;
        }
        finally
        {
            _closedUntold = true;
            await StartedOrLostAsync(uplink);
            try
            {
                await session.ReturnHeldAsync(Stop());
            }
            finally
            {
                _session = null;
                // Before the plan is told: a publisher that marks a row only after that finds another incarnation, and takes the mark back.
                _incarnation = new object();
                await TellClosedAsync(hooks);
            }
        }
    }

    // A plan that cannot be written now is told before the lane opens again: untold, it would count as sent what is gone.
    private async Task TellClosedAsync(LaneHooks hooks)
    {
        if (!_closedUntold) return;
        await hooks.ClosedAsync();
        _closedUntold = false;
    }

    private async Task OpenAsync(Uplink uplink, CancellationToken cancellationToken)
    {
        if (_handle is { } old && uplink.Version != _version)
        {
            // Another broker: its queues may want other arguments, and an endpoint's cannot be changed.
            _handle = null;
            await old.StopAsync(cancellationToken);
        }
        if (_handle is null)
        {
            _version = uplink.Version;
            _handle = connect(lane, uplink, HandleAsync);
            _starting = _handle.Ready;
        }
        else
        {
            _starting = _handle.ReceiveEndpoint.Start(CancellationToken.None).Ready;
        }
        await _starting.WaitAsync(cancellationToken);
    }

    // A start that is stopped before it is ready goes on behind the stop's back: its receiver would take every second reference and give none (seen).
    private async Task StartedOrLostAsync(Uplink uplink) =>
        await _starting.WaitAsync(StartWithin, clock, uplink.Lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private Task Stop() => _handle?.ReceiveEndpoint.Stop(CancellationToken.None) ?? Task.CompletedTask;

    private async Task HandleAsync(ConsumeContext<LaneReference> context)
    {
        var session = _session;
        var held = new HeldReference(context.Message, Activity.Current?.Id ?? context.Message.TraceParent);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, session?.Returning ?? new CancellationToken(true));
        try
        {
            ended.Token.ThrowIfCancellationRequested();
            session!.Take(held);
            await held.Settled.WaitAsync(ended.Token);
        }
        catch (OperationCanceledException) when (held.Settled.IsCompletedSuccessfully)
        {
            // Done in the moment of detaching: acknowledged all the same, or a final delivery would come once more.
            return;
        }
        finally
        {
            held.Over();
        }
    }

    /// <summary>From one start of the endpoint to its stop.</summary>
    private sealed class Session : IDisposable
    {
        private readonly CancellationTokenSource _returning;
        private volatile bool _isOpen;

        public Session(Action<HeldReference> take)
        {
            (_returning, Take) = (new CancellationTokenSource(), take);
            Returning = _returning.Token;
        }

        public bool IsOpen
        {
            get => _isOpen;
            set => _isOpen = value;
        }

        public Action<HeldReference> Take { get; }

        public CancellationToken Returning { get; }

        /// <summary>Stopping has begun: it takes nothing more in and waits for the handlers, which end now.</summary>
        public async Task ReturnHeldAsync(Task stopping)
        {
            await _returning.CancelAsync();
            await stopping;
        }

        public void Dispose() => _returning.Dispose();
    }
}
