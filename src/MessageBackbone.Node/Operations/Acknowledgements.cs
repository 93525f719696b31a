using MessageBackbone.Domain.Operations;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;

namespace MessageBackbone.Node.Operations;

/// <summary>Which alerts operators have seen and deal with, as the log says.</summary>
internal sealed class Acknowledgements(ReadModels models, EventRecorder recorder, NodeIdentity node, OperationsOptions options, TimeProvider clock)
{
    /// <summary>Recorded when this returns, and in what <see cref="CurrentAsync"/> answers from then on.</summary>
    /// <param name="alert">Kind and subject, <c>[a-z0-9./:A-Z_-]{1,200}</c>.</param>
    /// <param name="by">SAN URI of the operator.</param>
    /// <exception cref="RefusalException">That names no alert.</exception>
    public async Task AcknowledgeAsync(string alert, string by, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var command = new Acknowledge(alert, by, now, now + options.AcknowledgedFor, node.Name);
        var outcome = await recorder.DecideAsync(
            StreamId.Operations, NodeOperations.None, NodeOperations.Evolve, state => NodeOperations.Decide(state, command),
            new Provenance(by, node.Name), cancellationToken);
        if (outcome is Recording<NodeOperations>.Refused refused) throw new RefusalException(refused.Rejection);
        if (outcome is Recording<NodeOperations>.Recorded recorded) await models.Acknowledgements.WaitForAsync(recorded.At.Position, cancellationToken);
    }

    /// <summary>The newest one of each alert that has not run out, by alert.</summary>
    public async ValueTask<IReadOnlyList<Acknowledgement>> CurrentAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return await models.Acknowledgements.File.ReadAsync(session => AcknowledgementRows.Read(session, now), cancellationToken);
    }
}
