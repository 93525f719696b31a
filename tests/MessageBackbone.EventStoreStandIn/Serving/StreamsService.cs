using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventStoreStandIn.Serving;

/// <summary>Lets each call in, and gives it to the class of its kind.</summary>
internal sealed class StreamsService(StandIn node) : Streams.StreamsBase
{
    private readonly Callers _callers = new(node);

    public override async Task Read(ReadReq request, IServerStreamWriter<ReadResp> responseStream, ServerCallContext context)
    {
        var caller = await _callers.AdmitAsync(context);
        if (request.Options.CountOptionCase == ReadReq.Types.Options.CountOptionOneofCase.Subscription)
            await new LiveReading(node).RunAsync(request.Options, caller, responseStream, context.CancellationToken);
        else
            await new Reading(node).RunAsync(request.Options, caller, responseStream, context.CancellationToken);
    }

    public override async Task<AppendResp> Append(IAsyncStreamReader<AppendReq> requestStream, ServerCallContext context) =>
        await new SingleAppend(node).RunAsync(requestStream, await _callers.AdmitAsync(context), context);

    public override async Task BatchAppend(
        IAsyncStreamReader<BatchAppendReq> requestStream, IServerStreamWriter<BatchAppendResp> responseStream, ServerCallContext context) =>
        await new BatchCall(node, await _callers.AdmitAsync(context), context).RunAsync(requestStream, responseStream);
}
