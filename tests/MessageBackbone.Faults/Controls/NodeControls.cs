using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Routing.Lanes;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Faults.Controls;

/// <summary>Protections of the node that a control run switches off.</summary>
internal static class NodeControls
{
    public static NodeEngines Apply(string control, NodeEngines engines, HeldWrites held) => control switch
    {
        MemoryScenes.AnswerFirst => engines with
        {
            OpenLog = async (options, clock, logs, stop) => new EarlyLog(await engines.OpenLog(options, clock, logs, stop), held),
        },
        MemoryScenes.AcceptedTwice => engines with
        {
            OpenLog = async (options, clock, logs, stop) => new ForgetfulLog(await engines.OpenLog(options, clock, logs, stop)),
        },
        MemoryScenes.Scrambled => engines with { Replace = Scramble },
        MemoryScenes.Unordered => engines with { Replace = ScrambleAndSwap },
        MemoryScenes.Silent => engines with { Replace = Filter<Silencing> },
        MemoryScenes.Kept => engines with { Replace = services => Decorate(services, lanes => new LooseLanes(lanes, GivesBack: false, Confirms: true)) },
        BrokerScenes.Unconfirmed => engines with { Replace = services => Decorate(services, lanes => new LooseLanes(lanes, GivesBack: true, Confirms: false)) },
        _ => engines,
    };

    public static void Decorate(IServiceCollection services, Func<ILaneTransport, ILaneTransport> decorate)
    {
        var ordinary = services.Last(service => service.ServiceType == typeof(ILaneTransport)).ImplementationFactory!;
        services.AddSingleton(provider => decorate((ILaneTransport)ordinary(provider)));
    }

    private static void Scramble(IServiceCollection services) => Decorate(services, lanes => new ScramblingLanes(lanes));

    private static void ScrambleAndSwap(IServiceCollection services)
    {
        Scramble(services);
        Filter<Swapping>(services);
    }

    private static void Filter<T>(IServiceCollection services) where T : DeliveryFilter =>
        services.Configure<Grpc.AspNetCore.Server.GrpcServiceOptions>(grpc => grpc.Interceptors.Add<T>());
}
