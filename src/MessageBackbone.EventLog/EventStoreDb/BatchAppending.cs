using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>One BatchAppend call: any number of appends under way, each answered by its correlation id.</summary>
/// <remarks>The end of the call, with any status, leaves in doubt what is under way on it. It is never half-closed, for its answers may stop then.</remarks>
internal sealed class BatchAppending
{
    private const int WaitingRequests = 1_024;

    // The server ends an append of its own accord before its deadline. This is for a server that does not answer at all.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<BatchAppendResp>> _underWay = new();
    private readonly Channel<BatchAppendReq> _requests = Channel.CreateBounded<BatchAppendReq>(new BoundedChannelOptions(WaitingRequests) { SingleReader = true });
    private readonly AsyncDuplexStreamingCall<BatchAppendReq, BatchAppendResp> _call;
    private readonly TimeSpan _deadline;
    private readonly TimeProvider _clock;
    private readonly Action _lose;
    private Exception? _ended;

    public BatchAppending(AsyncDuplexStreamingCall<BatchAppendReq, BatchAppendResp> call, TimeSpan deadline, TimeProvider clock, Action lose)
    {
        (_call, _deadline, _clock, _lose) = (call, deadline, clock, lose);
        _ = RunAsync();
    }

    /// <summary>Sends one append, in one or more messages, and returns the server's answer.</summary>
    /// <exception cref="AppendInDoubtException">There will be no answer; the append may or may not have been written.</exception>
    public async Task<BatchAppendResp> AppendAsync(IEnumerable<BatchAppendReq> messages, Guid correlation)
    {
        var answer = new TaskCompletionSource<BatchAppendResp>(TaskCreationOptions.RunContinuationsAsynchronously);
        _underWay[correlation] = answer;
        try
        {
            if (Volatile.Read(ref _ended) is { } ended) throw new AppendInDoubtException(ended);
            foreach (var message in messages) await _requests.Writer.WriteAsync(message);
            return await answer.Task.WaitAsync(_deadline + Grace, _clock);
        }
        catch (Exception e) when (e is TimeoutException or ChannelClosedException)
        {
            if (e is TimeoutException) _lose();
            throw new AppendInDoubtException(Volatile.Read(ref _ended) ?? e);
        }
        finally
        {
            _underWay.TryRemove(correlation, out _);
        }
    }

    private async Task RunAsync()
    {
        var sending = SendAsync();
        var receiving = ReceiveAsync();
        var first = await Task.WhenAny(sending, receiving);
        // What the server said is more than that it could not be written to.
        var ended = await EndOfAsync(receiving.IsCompleted || first == receiving ? receiving : sending);
        Volatile.Write(ref _ended, ended);
        _requests.Writer.TryComplete();
        _lose();
        await Task.WhenAll(sending, receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var answer in _underWay.Values) answer.TrySetException(new AppendInDoubtException(ended));
        _call.Dispose();
    }

    private async Task SendAsync()
    {
        await foreach (var request in _requests.Reader.ReadAllAsync()) await _call.RequestStream.WriteAsync(request);
    }

    private async Task ReceiveAsync()
    {
        while (await _call.ResponseStream.MoveNext(CancellationToken.None))
        {
            var answer = _call.ResponseStream.Current;
            if (_underWay.TryGetValue(answer.CorrelationId.ToGuid(), out var waiting)) waiting.TrySetResult(answer);
        }
    }

    private static async Task<Exception> EndOfAsync(Task part)
    {
        try
        {
            await part;
            return new IOException("the server ended the call");
        }
        catch (Exception e) when (e is RpcException or IOException or InvalidOperationException or OperationCanceledException)
        {
            return e;
        }
    }
}

/// <summary>Nobody knows whether the append was written: the answer will not come.</summary>
internal sealed class AppendInDoubtException(Exception innerException) : Exception(innerException.Message, innerException);
