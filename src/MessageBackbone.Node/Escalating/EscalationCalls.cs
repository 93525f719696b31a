using MessageBackbone.Node.Projecting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

/// <summary>Calls the configured listeners for the steps that were taken. Each listener has a line of its own: one that hangs holds up its own calls
/// only.</summary>
internal sealed class EscalationCalls(
    ServiceClockQueries clocks, CallRecording recording, EscalationOptions options, EscalationSignals signals, TimeProvider clock,
    ILogger<EscalationCalls> logger)
{
    /// <summary>Runs until cancelled; over at once if nobody is to be called.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(options.Calls.Zip(signals.Calls, (target, changed) => RunLineAsync(target, changed, cancellationToken)));

    private async Task RunLineAsync(CallOptions target, Routing.Signal changed, CancellationToken cancellationToken)
    {
        using var client = new CallClient(target, options.CallTimeout, clock);
        var line = new CallLine(target, client, clocks, recording, options, clock, logger);
        await new ClockWork(clocks.Rows, changed, options.LookEvery, clock, logger).RunAsync(line.CallPageAsync, cancellationToken);
    }
}
