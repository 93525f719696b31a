using System.Runtime.ExceptionServices;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>A message that no handler could take goes back to its queue, a second later: at once, it would come again hundreds of times a second.</summary>
/// <remarks>A reference that is given back is no fault: MassTransit calls it one when the lane's token ended it, and it goes back at once.</remarks>
internal sealed class SlowReturn(LaneKey lane, TimeProvider clock, ILogger logger) : IFilter<ExceptionReceiveContext>, IFilter<ReceiveContext>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>It could not be read, or its handler failed.</summary>
    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        if (context.Exception is not ConsumerCanceledException) await PauseAsync(context, context.Exception.Message);
        ExceptionDispatchInfo.Throw(context.Exception);
    }

    /// <summary>It was read, and is no reference.</summary>
    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        await PauseAsync(context, "it is no reference");
        throw new MessageNotConsumedException(context.InputAddress, "The message is no reference.");
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("slowReturn");

    private async Task PauseAsync(ReceiveContext context, string reason)
    {
        RoutingLog.NotTaken(logger, lane.ToString(), reason);
        // A lane that is detached meanwhile does not wait for it.
        await Task.WhenAny(Task.Delay(Pause, clock, context.CancellationToken));
    }
}
