using Grpc.Core;
using MessageBackbone.GrpcTests.Proto;

namespace MessageBackbone.GrpcTests;

/// <summary>What a test puts in place of an echo.</summary>
internal sealed class EchoBehaviour
{
    public Func<EchoRequest, ServerCallContext, Task<EchoReply>>? Unary { get; set; }

    public Func<IAsyncStreamReader<EchoRequest>, ServerCallContext, Task<EchoReply>>? Collect { get; set; }

    public Func<EchoRequest, IServerStreamWriter<EchoReply>, ServerCallContext, Task>? Spread { get; set; }

    public Func<IAsyncStreamReader<EchoRequest>, IServerStreamWriter<EchoReply>, ServerCallContext, Task>? Duplex { get; set; }
}

internal sealed class EchoService(EchoBehaviour behaviour) : Echo.EchoBase
{
    public override Task<EchoReply> Unary(EchoRequest request, ServerCallContext context) =>
        behaviour.Unary?.Invoke(request, context) ?? Task.FromResult(Reply(request));

    public override async Task<EchoReply> Collect(IAsyncStreamReader<EchoRequest> requestStream, ServerCallContext context)
    {
        if (behaviour.Collect is { } collect)
            return await collect(requestStream, context);
        var count = 0;
        await foreach (var _ in requestStream.ReadAllAsync())
            count++;
        return new EchoReply { Count = count };
    }

    public override async Task Spread(EchoRequest request, IServerStreamWriter<EchoReply> responseStream, ServerCallContext context)
    {
        if (behaviour.Spread is { } spread)
        {
            await spread(request, responseStream, context);
            return;
        }

        for (var i = 0; i < request.Count; i++)
            await responseStream.WriteAsync(new EchoReply { Text = request.Text, Body = request.Body, Count = i });
    }

    public override async Task Duplex(
        IAsyncStreamReader<EchoRequest> requestStream, IServerStreamWriter<EchoReply> responseStream, ServerCallContext context)
    {
        if (behaviour.Duplex is { } duplex)
        {
            await duplex(requestStream, responseStream, context);
            return;
        }

        await foreach (var request in requestStream.ReadAllAsync())
            await responseStream.WriteAsync(Reply(request));
    }

    public static EchoReply Reply(EchoRequest request) => new() { Text = request.Text, Body = request.Body };
}
