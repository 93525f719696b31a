using Grpc.Core;
using MessageBackbone.Node.Hosting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>How a bureau hands messages in and follows them.</summary>
internal sealed class ExchangeService(
    Acceptor acceptor, WorkingPlaces places, Tracker tracker, UploadCall uploads, DownloadCall downloads, SecurityRecorder security, NodeLimits limits)
    : V1.ExchangeService.ExchangeServiceBase
{
    public override async Task<SubmitReply> Submit(SubmitRequest request, ServerCallContext context)
    {
        var (caller, precedence) = (context.GetCaller(), Heading.Of(request.Envelope, limits).Precedence);
        using var place = await places.EnterAsync(caller.Name, precedence, request.CalculateSize(), context.CancellationToken);
        return await acceptor.AcceptAsync(caller, request.Envelope, turn: null, context.CancellationToken);
    }

    public override async Task SubmitMany(
        IAsyncStreamReader<SubmitRequest> requestStream, IServerStreamWriter<SubmitOutcome> responseStream, ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, caller.MustEnd);
        using var stream = new SubmitStream(acceptor, places, security, limits, caller, responseStream);
        await stream.RunAsync(requestStream, ends.Token);
    }

    public override Task<Tracking> Track(TrackRequest request, ServerCallContext context) =>
        tracker.TrackAsync(context.GetCaller(), request.MessageId, context.CancellationToken);

    public override async Task<ContentReceipt> UploadContent(IAsyncStreamReader<ContentChunk> requestStream, ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, caller.MustEnd);
        return await uploads.RunAsync(caller, requestStream, ends.Token);
    }

    public override async Task DownloadContent(ContentRequest request, IServerStreamWriter<ContentChunk> responseStream, ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, caller.MustEnd);
        await downloads.RunAsync(caller, request, responseStream, ends.Token);
    }
}
