using System.Collections.Immutable;
using Grpc.Core;
using Grpc.Health.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace MessageBackbone.GrpcServices;

/// <summary>
/// <c>grpc.health.v1.Health</c>. Register it as a singleton and set what is known; the empty name is the server as a whole.
/// Watchers see every state that lasts, and may miss one that is replaced before it was sent. Safe for concurrent use.
/// </summary>
public sealed class HealthService : Health.HealthBase
{
    private readonly Lock sync = new();
    private volatile State state = new(ImmutableDictionary<string, ServingStatus>.Empty.WithComparers(StringComparer.Ordinal));

    public void Set(string service, bool serving) => Change(known => known.SetItem(service, serving ? ServingStatus.Serving : ServingStatus.NotServing));

    public void Forget(string service) => Change(known => known.Remove(service));

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        return state.Known.TryGetValue(request.Service, out var status)
            ? Task.FromResult(new HealthCheckResponse { Status = status })
            : throw new RpcException(new Status(StatusCode.NotFound, "The health of that service is not known here."));
    }

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(responseStream);
        ArgumentNullException.ThrowIfNull(context);
        ServingStatus? told = null;
        while (true)
        {
            var seen = state;
            var status = seen.Known.GetValueOrDefault(request.Service, ServingStatus.ServiceUnknown);
            if (status != told)
                await responseStream.WriteAsync(new HealthCheckResponse { Status = status }, context.CancellationToken);
            told = status;
            await seen.Replaced.Task.WaitAsync(context.CancellationToken);
        }
    }

    private void Change(Func<ImmutableDictionary<string, ServingStatus>, ImmutableDictionary<string, ServingStatus>> change)
    {
        State old;
        lock (sync)
        {
            old = state;
            state = new State(change(old.Known));
        }

        old.Replaced.TrySetResult();
    }

    private sealed class State(ImmutableDictionary<string, ServingStatus> known)
    {
        public ImmutableDictionary<string, ServingStatus> Known { get; } = known;

        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
