using Grpc.Core;
using Grpc.Core.Interceptors;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Faults.Controls;

/// <summary>Protections of the node that a control run switches off.</summary>
internal static class NodeControls
{
    public static NodeEngines Apply(string control, NodeEngines engines) => control switch
    {
        MemoryScenes.AnswerFirst => engines with
        {
            OpenLog = async (folder, clock, logs) => new EarlyLog(await engines.OpenLog(folder, clock, logs)),
        },
        MemoryScenes.Unordered => engines with
        {
            Replace = services => services.Configure<Grpc.AspNetCore.Server.GrpcServiceOptions>(grpc => grpc.Interceptors.Add<Swapping>()),
        },
        MemoryScenes.Kept => engines with { Replace = services => Decorate(services, lanes => new LooseLanes(lanes, GivesBack: false, Confirms: true)) },
        BrokerScenes.Unconfirmed => engines with { Replace = services => Decorate(services, lanes => new LooseLanes(lanes, GivesBack: true, Confirms: false)) },
        _ => engines,
    };

    public static void Decorate(IServiceCollection services, Func<ILaneTransport, ILaneTransport> decorate)
    {
        var ordinary = services.Last(service => service.ServiceType == typeof(ILaneTransport)).ImplementationFactory!;
        services.AddSingleton(provider => decorate((ILaneTransport)ordinary(provider)));
    }
}

/// <summary>Writes each second delivery of a stream before the first.</summary>
internal sealed class Swapping : Interceptor
{
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(requestStream, typeof(TResponse) == typeof(ToGateway) ? new Writer<TResponse>(responseStream) : responseStream, context);

    private sealed class Writer<T>(IServerStreamWriter<T> stream) : IServerStreamWriter<T>
    {
        private T? _held;
        private bool _holds;

        public WriteOptions? WriteOptions
        {
            get => stream.WriteOptions;
            set => stream.WriteOptions = value;
        }

        public async Task WriteAsync(T message)
        {
            if (message is not ToGateway { Delivery: not null })
            {
                await stream.WriteAsync(message);
                return;
            }
            if (!_holds)
            {
                (_held, _holds) = (message, true);
                return;
            }
            _holds = false;
            await stream.WriteAsync(message);
            await stream.WriteAsync(_held!);
        }

        public Task WriteAsync(T message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}
