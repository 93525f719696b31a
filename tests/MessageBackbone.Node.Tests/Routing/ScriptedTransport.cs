using System.Collections.Concurrent;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>A transport that the test holds in its hands: what is sent, what fails, and in which order references come.</summary>
internal sealed class ScriptedTransport : ILaneTransport
{
    private readonly ConcurrentDictionary<LaneKey, Action<HeldReference>> _takers = new();

    public ConcurrentQueue<PlanRow> Sent { get; } = new();

    public ConcurrentQueue<LaneKey> Doubted { get; } = new();

    /// <summary>Asked before each send; a text makes it fail.</summary>
    public Func<PlanRow, string?> Failing { get; set; } = static _ => null;

    /// <summary>Called after each send that was confirmed.</summary>
    public Action<PlanRow> OnSent { get; set; } = static _ => { };

    /// <summary>What the confirm of a send waits for, after it is in <see cref="Sent"/>.</summary>
    public Func<PlanRow, Task> Confirming { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Called when it is asked whether a lane may be sent to.</summary>
    public Action OnAsked { get; set; } = static () => { };

    /// <summary>What <see cref="UpAsync"/> returns.</summary>
    public Task Up { get; set; } = Task.CompletedTask;

    public string Name => "scripted";

    public string State => "connected";

    public TransportCondition Condition => TransportCondition.Connected;

    public int PublishAhead { get; set; } = 1_000;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task UpAsync(CancellationToken cancellationToken) => Up;

    public bool Takes(LaneKey lane)
    {
        OnAsked();
        return true;
    }

    /// <summary>Replaced when the lane loses what it held.</summary>
    public object? LaneIncarnation { get; set; } = new();

    public object? Incarnation(LaneKey lane) => LaneIncarnation;

    public Task PublishAsync(PlanRow row, string? traceParent, CancellationToken cancellationToken)
    {
        if (Failing(row) is { } fault) throw new InvalidOperationException(fault);
        Sent.Enqueue(row);
        OnSent(row);
        return Confirming(row);
    }

    public void Doubt(LaneKey lane) => Doubted.Enqueue(lane);

    public void DeclareNew()
    {
        // Nothing to declare.
    }

    public int InHand(LaneKey lane) => 0;

    public Task<IReadOnlyDictionary<LaneKey, LaneQueue>> LookAsync(IReadOnlyCollection<LaneKey> lanes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<LaneKey, LaneQueue>>(lanes.ToDictionary(lane => lane, static _ => LaneQueue.Ok));

    public Task<LaneRebuild> RebuildAsync(LaneKey lane, CancellationToken cancellationToken) =>
        Task.FromResult<LaneRebuild>(new LaneRebuild.NoQueues());

    public ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take)
    {
        _takers[lane] = take;
        return new Attachment();
    }

    /// <summary>Brings a reference to whoever attends the lane.</summary>
    public HeldReference Bring(PlanRow row)
    {
        var held = new HeldReference(LaneReference.Of(row, null), null);
        _takers[row.Lane](held);
        return held;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Attachment : ILaneAttachment
    {
        public Task Attached => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
