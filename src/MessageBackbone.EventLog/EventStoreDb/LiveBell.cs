using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Rings the log's bell for each event that the server commits, whoever appended it.</summary>
/// <remarks>Only a bell: what is new is read in pages. The server keeps 32 events for a subscription that is slower than the log, then ends it with ABORTED: it
/// is made again, and rings for what came between. A subscription follows no change of leader, so any other end is the end of its connection.</remarks>
internal static class LiveBell
{
    /// <summary>Returns when the server has confirmed the subscription: from then on nothing new is missed.</summary>
    /// <exception cref="RpcException">The server refuses.</exception>
    public static async Task HangAsync(LeaderConnection connection, StreamNames names, Bell bell, CancellationToken cancellationToken)
    {
        var call = await SubscribeAsync(connection, names, cancellationToken);
        _ = ListenAsync(call, connection, names, bell);
    }

    private static async Task<AsyncServerStreamingCall<ReadResp>> SubscribeAsync(
        LeaderConnection connection, StreamNames names, CancellationToken cancellationToken)
    {
        var call = connection.Streams.Read(Request(names), connection.Headers, cancellationToken: connection.Lost);
        try
        {
            if (await call.ResponseStream.MoveNext(cancellationToken)) return call;
            throw new RpcException(new(StatusCode.Unavailable, "The subscription ended at once."));
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    private static async Task ListenAsync(AsyncServerStreamingCall<ReadResp> call, LeaderConnection connection, StreamNames names, Bell bell)
    {
        try
        {
            while (await FellBehindAsync(call, connection, bell))
            {
                using var time = connection.NewCall(CancellationToken.None);
                call = await SubscribeAsync(connection, names, time.Token);
                bell.Ring();
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // Why is of no use here: the next call on the connection is told, or the next connection's.
        }
        finally
        {
            connection.Lose();
            bell.Ring();
        }
    }

    private static async Task<bool> FellBehindAsync(AsyncServerStreamingCall<ReadResp> call, LeaderConnection connection, Bell bell)
    {
        using var _ = call;
        try
        {
            while (await call.ResponseStream.MoveNext(connection.Lost))
                if (call.ResponseStream.Current.ContentCase == ReadResp.ContentOneofCase.Event) bell.Ring();
            return false;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Aborted && !connection.Lost.IsCancellationRequested)
        {
            return true;
        }
    }

    private static ReadReq Request(StreamNames names) => new()
    {
        Options = new()
        {
            All = new() { End = new() },
            Subscription = new(),
            Filter = ServerReader.Filter(names.OursAndTheirMetadata),
            UuidOption = new() { Structured = new() },
        },
    };
}
