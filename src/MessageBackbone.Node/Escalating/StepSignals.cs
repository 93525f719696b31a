using MessageBackbone.Node.Routing;

namespace MessageBackbone.Node.Escalating;

/// <summary>Tells that a step of one ladder was taken: what is owed for it can be done. A signal wakes one waiter, so each has its own.</summary>
internal abstract class StepSignals(EscalationOptions options)
{
    public Signal Notices { get; } = new();

    /// <summary>One for each listener, in the order of the configuration.</summary>
    public IReadOnlyList<Signal> Calls { get; } = [.. options.Calls.Select(_ => new Signal())];

    public void Set()
    {
        Notices.Set();
        foreach (var call in Calls) call.Set();
    }
}

/// <summary>For steps of late deliveries.</summary>
internal sealed class EscalationSignals(EscalationOptions options) : StepSignals(options);

/// <summary>For steps of requests.</summary>
internal sealed class RequestSignals(EscalationOptions options) : StepSignals(options);
