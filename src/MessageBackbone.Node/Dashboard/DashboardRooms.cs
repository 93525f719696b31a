using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Auditing;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Operations;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Dashboard;

/// <summary>What the pages may ask of the node: its read models, its directory, the views and orders of operators, the recorded reading of auditors. Pages have a
/// container of their own; what is not here they cannot reach.</summary>
internal sealed class DashboardRooms(IServiceProvider node)
{
    private static readonly Type[] Shared =
    [
        typeof(TimeProvider), typeof(NodeOptions), typeof(NodeIdentity), typeof(EventLog.IEventLog), typeof(EventRecorder), typeof(CurrentDirectory),
        typeof(ActDesk), typeof(Callers), typeof(CallerGuards), typeof(ReadModels), typeof(Surroundings), typeof(LaneView), typeof(QuarantineView), typeof(RedeliveryView),
        typeof(DrainView), typeof(Acknowledgements), typeof(MessageQueries), typeof(TrafficQueries), typeof(DirectoryQueries),
        typeof(Watching.BoardFeed), typeof(Watching.ServiceLevels), typeof(History), typeof(AccessRecord), typeof(RequestQueries), typeof(ServiceClockQueries), typeof(Deliveries), typeof(Events),
    ];

    public void AddTo(IServiceCollection pages)
    {
        // By instance: the pages' container must not dispose of what the node owns.
        foreach (var type in Shared) pages.AddSingleton(type, node.GetRequiredService(type));
    }
}
