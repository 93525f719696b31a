using Grpc.Core;
using MessageBackbone.Domain;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Node.Tests.Auditing;

/// <summary>A call that passed the interceptor: its caller is named.</summary>
internal sealed class AuditedCall : ServerCallContext
{
    private readonly CancellationToken _cancellation;

    public AuditedCall(HolderRole role, string name, CancellationToken cancellation, CancellationToken revoked = default)
    {
        _cancellation = cancellation;
        this.SetCaller(new Caller(new Holder(role, name), default(Fingerprint)) { MustEnd = revoked });
    }

    protected override string MethodCore => "/backbone.v1.AuditService/ReadEvents";

    protected override string HostCore => "node";

    protected override string PeerCore => "ipv4:127.0.0.1:1";

    protected override DateTime DeadlineCore => DateTime.MaxValue;

    protected override Metadata RequestHeadersCore { get; } = [];

    protected override CancellationToken CancellationTokenCore => _cancellation;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => new(null, []);

    protected override IDictionary<object, object> UserStateCore { get; } = new Dictionary<object, object>();

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
}

/// <summary>Takes what a stream sends and rings at each.</summary>
internal sealed class SentStream<T>(Action<T>? sent = null) : IServerStreamWriter<T>
{
    private readonly System.Threading.Channels.Channel<T> _sent = System.Threading.Channels.Channel.CreateUnbounded<T>();

    public WriteOptions? WriteOptions { get; set; }

    public ValueTask<T> NextAsync(CancellationToken cancellationToken) => _sent.Reader.ReadAsync(cancellationToken);

    public IReadOnlyList<T> Drain()
    {
        var all = new List<T>();
        while (_sent.Reader.TryRead(out var one)) all.Add(one);
        return all;
    }

    public async Task WriteAsync(T message)
    {
        sent?.Invoke(message);
        await _sent.Writer.WriteAsync(message);
    }

    public Task WriteAsync(T message, CancellationToken cancellationToken) => WriteAsync(message);
}
