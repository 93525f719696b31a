using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

/// <summary>Calls the configured listeners for the steps that were taken, of late deliveries and of requests. Each listener has a line of its own for either: one
/// that hangs holds up its own calls only.</summary>
internal sealed class EscalationCalls(
    ServiceClockQueries clocks, RequestQueries requests, CallRecording recording, EscalationOptions options, EscalationSignals signals, RequestSignals told,
    TimeProvider clock, ILogger<EscalationCalls> logger)
{
    /// <summary>Runs until cancelled; over at once if nobody is to be called.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(options.Calls.SelectMany((target, i) => (Task[])
    [
        RunLineAsync(
            target, (limit, cancel) => clocks.OwedCallsAsync(target.Called, target.Bureaus, clock.GetUtcNow(), limit, cancel), clocks.Rows, signals.Calls[i],
            cancellationToken),
        RunLineAsync(
            target, (limit, cancel) => requests.OwedCallsAsync(target.CalledForRequests, target.Bureaus, clock.GetUtcNow(), limit, cancel), requests.Rows,
            told.Calls[i], cancellationToken),
    ]));

    private async Task RunLineAsync(CallOptions target, OwedCalls owed, ProjectionFollower rows, Signal changed, CancellationToken cancellationToken)
    {
        using var client = new CallClient(target, options.CallTimeout, clock);
        var line = new CallLine(target, client, owed, recording, options, clock, logger);
        await new ClockWork(rows, changed, options.LookEvery, clock, logger).RunAsync(line.CallPageAsync, cancellationToken);
    }
}
