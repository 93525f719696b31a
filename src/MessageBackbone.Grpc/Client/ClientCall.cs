using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Compression;
using MessageBackbone.GrpcServer;
using MessageBackbone.GrpcWire;

namespace MessageBackbone.GrpcClient;

// One call on the client, without its message types: what ends it and what is known at the end.
internal abstract class ClientCall
{
    public static readonly Func<object, Task<Metadata>> HeadersOf = static call => ((ClientCall)call).GetHeadersAsync();
    public static readonly Func<object, Status> StatusOf = static call => ((ClientCall)call).GetStatus();
    public static readonly Func<object, Metadata> TrailersOf = static call => ((ClientCall)call).GetTrailers();
    public static readonly Action<object> DisposeOf = static call => ((ClientCall)call).Cancel();

    private readonly Lock sync = new();
    private readonly CallOptions options;
    private readonly CancellationTokenSource stop;
    private TaskCompletionSource<Metadata>? headersAsked;
    private Metadata? headers;
    private RpcException? failure;
    private Metadata? trailers;
    private Status? status;
    private bool deadlinePassed;
    private ITimer? timer;

    protected ClientCall(GrpcChannel channel, string? host, CallOptions options)
    {
        Channel = channel;
        Host = host;
        this.options = options;
        var propagated = options.PropagationToken as PropagatedContext;
        stop = CancellationTokenSource.CreateLinkedTokenSource(
            channel.Disposed, options.CancellationToken, propagated?.CancellationToken ?? default);
        Deadline = Earliest(options.Deadline, propagated?.Deadline);
        Stop = stop.Token;
        RequestEncoding = RequestHeaders.EncodingAsked(options.Headers, channel.Encodings);
    }

    public GrpcChannel Channel { get; }

    public CancellationToken Stop { get; }

    public WriteFlags DefaultFlags => options.WriteOptions?.Flags ?? default;

    public ICompressionProvider? RequestEncoding { get; }

    protected string? Host { get; }

    protected DateTime? Deadline { get; }

    // Tells a failed write what the call ended with, where that is known already.
    public RpcException? Failure
    {
        get
        {
            lock (sync)
                return failure;
        }
    }

    // The caller gives up: nothing may stay behind, whether or not somebody still reads.
    public void Cancel()
    {
        lock (sync)
        {
            if (status is not null)
                return;
            var cancelled = ClientFaults.Cancelled(null);
            SetEnd(cancelled.Status, cancelled.Trailers, cancelled);
        }

        CancelStop();
        Release();
    }

    // One exception for one cause, whoever meets it first: the call's own end wins over what the transport says afterwards.
    public Exception Translate(Exception fault)
    {
        RpcException ended;
        lock (sync)
        {
            ended = failure ?? ClientFaults.ToRpcException(fault, deadlinePassed, Stop.IsCancellationRequested, options.CancellationToken);
            SetEnd(ended.Status, ended.Trailers, ended);
        }

        CancelStop();
        return Channel.ThrowsOperationCanceled && ended.StatusCode == StatusCode.Cancelled && Stop.IsCancellationRequested
            ? new OperationCanceledException(ended.Status.Detail, ended, options.CancellationToken)
            : ended;
    }

    protected HttpRequestMessage NewRequest(IMethod method, HttpContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Channel.AddressOf(method))
        {
            Version = Channel.HttpVersion,
            VersionPolicy = Channel.HttpVersionPolicy,
            Content = content,
        };
        var remaining = Deadline is { } utc && utc != DateTime.MaxValue ? utc - Channel.Time.GetUtcNow().UtcDateTime : (TimeSpan?)null;
        RequestHeaders.Write(request, Host, options.Headers, Channel.Encodings, RequestEncoding, remaining);
        if (remaining is { } timeout)
            Arm(timeout);
        return request;
    }

    // The headers are here. A status among them ends the call: an answer of trailers only.
    protected MessageReader? Open(HttpResponseMessage response, out PipeReader? pipe)
    {
        pipe = null;
        if (ResponseHeaders.Refuse(response) is { } refused)
            throw refused;
        var received = ResponseHeaders.Read(response.Headers);
        if (ResponseHeaders.StatusIn(response.Headers) is { } only)
        {
            SetHeaders(Metadata.Empty);
            Finish(only, received);
            return null;
        }

        SetHeaders(received);
        var encoding = ResponseHeaders.Encoding(response, Channel.Encodings);
        pipe = PipeReader.Create(response.Content.ReadAsStream(Stop), ReaderOptions);
        return new MessageReader(pipe, Channel.ReceiveLimit) { Encoding = encoding };
    }

    protected void FinishWithTrailers(HttpResponseMessage response)
    {
        var read = ResponseHeaders.StatusIn(response.TrailingHeaders)
            ?? new Status(StatusCode.Internal, "The response ended without a grpc-status.");
        Finish(read, ResponseHeaders.Read(response.TrailingHeaders));
    }

    protected void ThrowIfNotOk()
    {
        if (Failure is { } failed)
            throw failed;
    }

    protected void Release()
    {
        timer?.Dispose();
        stop.Dispose();
    }

    private static StreamPipeReaderOptions ReaderOptions { get; } = new(bufferSize: 16 * 1024, minimumReadSize: 4 * 1024);

    private static DateTime? Earliest(DateTime? own, DateTime? inherited)
    {
        var utc = own?.Kind == DateTimeKind.Local ? own.Value.ToUniversalTime() : own;
        return utc is null || inherited < utc ? inherited ?? utc : utc;
    }

    private void Arm(TimeSpan timeout)
    {
        if (timeout <= GrpcTimeout.LongestTimer)
        {
            timer = Channel.Time.CreateTimer(
                static call => ((ClientCall)call!).OnDeadline(), this, timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnDeadline()
    {
        lock (sync)
        {
            if (status is not null)
                return;
            deadlinePassed = true;
        }

        CancelStop();
    }

    private void CancelStop()
    {
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended between the check and here: there is nothing left to stop.
            return;
        }
    }

    private void SetHeaders(Metadata received)
    {
        lock (sync)
        {
            headers = received;
            headersAsked?.TrySetResult(received);
        }
    }

    private void Finish(Status read, Metadata received)
    {
        lock (sync)
            SetEnd(read, received, read.StatusCode == StatusCode.OK ? null : new RpcException(read, received));
    }

    private void SetEnd(Status read, Metadata received, RpcException? failed)
    {
        if (status is not null)
            return;
        status = read;
        trailers = received;
        failure = failed;
        if (headers is null && failed is not null)
            headersAsked?.TrySetException(failed);
    }

    private Task<Metadata> GetHeadersAsync()
    {
        lock (sync)
        {
            if (headers is not null)
                return Task.FromResult(headers);
            if (failure is not null)
                return Task.FromException<Metadata>(failure);
            headersAsked ??= new TaskCompletionSource<Metadata>(TaskCreationOptions.RunContinuationsAsynchronously);
            return headersAsked.Task;
        }
    }

    private Status GetStatus()
    {
        lock (sync)
            return status ?? throw new InvalidOperationException("The call has not ended: it has no status yet.");
    }

    private Metadata GetTrailers()
    {
        lock (sync)
            return trailers ?? throw new InvalidOperationException("The call has not ended: it has no trailers yet.");
    }
}
