using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Domain;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>How a bureau hands messages in and follows them.</summary>
internal sealed class ExchangeService(
    Acceptor acceptor, WorkingPlaces places, Tracker tracker, ContentStore content, SecurityRecorder security, NodeLimits limits)
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

    public override async Task DownloadContent(ContentRequest request, IServerStreamWriter<ContentChunk> responseStream, ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, caller.MustEnd);
        var (sha256, size) = await FindAsync(request, caller, ends.Token);
        if (request.Offset > size)
        {
            throw new RefusalException(Reasons.FieldInvalid, "The offset is beyond the end of the content.", ["offset"]);
        }

        for (var offset = request.Offset; offset < size;)
        {
            var bytes = content.ReadChunk(sha256, (long)offset) ?? throw Tracker.Unknown();
            var chunk = new ContentChunk { Sha256 = request.Sha256, Offset = offset, Data = UnsafeByteOperations.UnsafeWrap(bytes), TotalSize = size };
            await responseStream.WriteAsync(chunk, ends.Token);
            offset += (ulong)bytes.Length;
        }
    }

    // The message and the content are both looked up whatever the first says, so that a stranger cannot tell by the time which of them exists.
    private async Task<(Fingerprint Sha256, ulong Size)> FindAsync(ContentRequest request, Caller caller, CancellationToken cancellationToken)
    {
        var named = Fingerprint.TryRead(request.Sha256.Span, out var sha256);
        var found = await tracker.FindAsync(caller, request.MessageId, cancellationToken);
        var size = content.Size(sha256);
        return named && found?.Accepted.Content.BodySha256.Equals(request.Sha256) == true && size is { } bytes
            ? (sha256, (ulong)bytes)
            : throw Tracker.Unknown();
    }
}
