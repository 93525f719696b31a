using Grpc.Core.Interceptors;

namespace Grpc.Core;

/// <summary>What generated clients derive from.</summary>
public abstract class ClientBase
{
    private readonly ClientBaseConfiguration configuration;

    protected ClientBase()
        : this(new NoCallInvoker())
    {
    }

    protected ClientBase(ChannelBase channel)
        : this(Invoker(channel))
    {
    }

    protected ClientBase(CallInvoker callInvoker)
        : this(new ClientBaseConfiguration(callInvoker, null))
    {
    }

    protected ClientBase(ClientBaseConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        this.configuration = configuration;
        CallInvoker = configuration.CreateDecoratedCallInvoker();
    }

    protected CallInvoker CallInvoker { get; }

    internal ClientBaseConfiguration Configuration => configuration;

    private static CallInvoker Invoker(ChannelBase channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return channel.CreateCallInvoker();
    }

    protected internal sealed class ClientBaseConfiguration
    {
        private readonly CallInvoker undecorated;
        private readonly string? host;

        internal ClientBaseConfiguration(CallInvoker undecorated, string? host)
        {
            ArgumentNullException.ThrowIfNull(undecorated);
            this.undecorated = undecorated;
            this.host = host;
        }

        internal CallInvoker CreateDecoratedCallInvoker() => host is null ? undecorated : undecorated.Intercept(new HostInterceptor(host));

        internal ClientBaseConfiguration WithHost(string newHost) => new(undecorated, newHost);
    }
}

public abstract class ClientBase<T> : ClientBase
    where T : ClientBase<T>
{
    protected ClientBase()
    {
    }

    protected ClientBase(ChannelBase channel)
        : base(channel)
    {
    }

    protected ClientBase(CallInvoker callInvoker)
        : base(callInvoker)
    {
    }

    protected ClientBase(ClientBaseConfiguration configuration)
        : base(configuration)
    {
    }

    /// <summary>A client of the same channel whose calls name another <c>:authority</c>.</summary>
    public T WithHost(string host) => NewInstance(Configuration.WithHost(host));

    protected abstract T NewInstance(ClientBaseConfiguration configuration);
}

// The parameterless client exists so that tests can derive from a generated client; it has nowhere to call.
internal sealed class NoCallInvoker : CallInvoker
{
    private static InvalidOperationException NoChannel => new("This client was made without a channel.");

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw NoChannel;

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw NoChannel;

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw NoChannel;

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw NoChannel;

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw NoChannel;
}
