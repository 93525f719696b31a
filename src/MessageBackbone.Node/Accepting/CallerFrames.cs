using Grpc.Core;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// What a caller sends, frame by frame. A connection that breaks while the next is awaited is the caller's leaving: it ends the call as
/// cancelled and is no fault of the node, which would be logged as an error for every gateway that stops.
/// </summary>
internal sealed class CallerFrames<T>(IAsyncStreamReader<T> frames) : IAsyncStreamReader<T>
{
    public T Current => frames.Current;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        try
        {
            return await frames.MoveNext(cancellationToken);
        }
        catch (IOException broken)
        {
            // The call's own token may be cancelled only later: that it is the caller's doing is known by where it was thrown.
            throw new RpcException(new Status(StatusCode.Cancelled, "The caller left.", broken));
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.ResourceExhausted)
        {
            throw Oversize.Refusal();
        }
    }
}
