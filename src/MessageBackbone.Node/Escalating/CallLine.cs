using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

/// <summary>Asks for calls that are owed, at most so many.</summary>
internal delegate ValueTask<IReadOnlyList<OwedStep>> OwedCalls(int limit, CancellationToken cancellationToken);

/// <summary>The calls to one listener for steps of one ladder: each is tried again and again until it is accepted or given up; either end is an event.</summary>
/// <remarks>At least once: a call that was answered just before a crash is made again, under the same key. How often it was tried is counted since the node's
/// start.</remarks>
internal sealed class CallLine(
    CallOptions target, CallClient client, OwedCalls calls, CallRecording recording, EscalationOptions options, TimeProvider clock, ILogger logger)
{
    /// <summary>Calls at a time.</summary>
    public const int AtOnce = 8;

    // What fails stays in the page until it is given up: with room for more than a few, one call that is never accepted holds up no other.
    private const int Page = 64;

    private readonly BackOff _backOff = new(TimeSpan.FromMilliseconds(500), options.CallAgainWithin);
    private readonly Dictionary<Guid, uint> _tries = [];

    public async Task<PageDone> CallPageAsync(CancellationToken cancellationToken)
    {
        var owed = await calls(Page, cancellationToken);
        if (owed.Count == 0)
        {
            _tries.Clear();
            return new PageDone(null, PageDone.WhenChanged);
        }

        var ends = new List<LogPosition>();
        foreach (var some in owed.Chunk(AtOnce))
            ends.AddRange((await Task.WhenAll(some.Select(one => CallAsync(one, cancellationToken)))).OfType<LogPosition>());
        var last = ends.Count > 0 ? ends.Max() : (LogPosition?)null;
        if (ends.Count < owed.Count) return new PageDone(last, _backOff.Next());
        _backOff.Reset();
        return new PageDone(last, TimeSpan.Zero);
    }

    /// <returns>Where the call's end is recorded; null: it is tried again.</returns>
    private async Task<LogPosition?> CallAsync(OwedStep owed, CancellationToken cancellationToken)
    {
        var step = await recording.ReadAsync(owed, cancellationToken);
        if (step.Ended is { } before) return before;
        var key = owed.EventId.ToString("D");
        var body = CallBody.Of(key, step);
        var answer = await client.PostAsync(body.ToJson(), key, cancellationToken);
        var tries = Count(owed.EventId);
        if (!answer.Accepted && clock.GetUtcNow() - body.At < options.GiveUpCallsAfter)
        {
            EscalatingLog.CallFailed(logger, target.Address.Host, key, answer.Outcome);
            return null;
        }

        if (answer.Accepted) EscalatingLog.Called(logger, target.Address.Host, key, answer.Outcome);
        else EscalatingLog.CallGivenUp(logger, target.Address.Host, key, tries, answer.Outcome);
        NodeMetrics.EscalationCalled(answer.Accepted);
        return await recording.EndAsync(step.Event, key, answer, tries, cancellationToken);
    }

    private uint Count(Guid id)
    {
        lock (_tries) return _tries[id] = _tries.GetValueOrDefault(id) + 1;
    }
}
