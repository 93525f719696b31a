using Grpc.Core;
using Grpc.Net.Compression;
using MessageBackbone.GrpcWire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MessageBackbone.GrpcServer;

// One call on the server: context for the method, gate for its writes, and the one place where the call gets its end.
internal sealed class ServerCall(HttpContext http, ServerSettings settings, string method) : ServerCallContext, IAsyncDisposable
{
    private readonly WriteGate gate = new();
    private CallDeadline? deadline;
    private Metadata? requestHeaders;
    private Metadata? responseTrailers;
    private AuthContext? authContext;
    private ResponseWriter? writer;
    private MessageReader? reader;
    private Task ending = Task.CompletedTask;
    private bool responseStarted;

    public HttpContext Http { get; } = http;

    public ServerSettings Settings { get; } = settings;

    public MessageReader Reader => reader ??= new MessageReader(Http.Request.BodyReader, Settings.ReceiveLimit);

    public ResponseWriter Writer => writer ??= new ResponseWriter(this);

    public ICompressionProvider? ResponseEncoding { get; private set; }

    // Only a deadline has to interrupt a read or a write: a client that goes away ends them by itself.
    public CancellationToken ReadToken => deadline?.Token ?? default;

    protected override string MethodCore => method;

    protected override string HostCore => Http.Request.Host.Value ?? "";

    protected override string PeerCore => PeerNames.Of(Http.Connection);

    protected override DateTime DeadlineCore => deadline?.Utc ?? DateTime.MaxValue;

    protected override CancellationToken CancellationTokenCore => deadline?.Token ?? Http.RequestAborted;

    protected override Metadata RequestHeadersCore => requestHeaders ??= RequestMetadata.Read(Http.Request.Headers);

    protected override Metadata ResponseTrailersCore => responseTrailers ??= [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore => authContext ??= PeerNames.Authentication(Http.Connection.ClientCertificate);

    // Judges the protocol's own headers. False when the call is over already, with StatusCore saying why.
    public bool TryOpen()
    {
        var headers = Http.Request.Headers;
        var refusal = OpenEncoding(headers) ?? OpenDeadline(headers);
        if (refusal is not { } status)
            return true;
        GrpcServerLog.RequestRefused(Settings.Logger, status.Detail);
        StatusCore = status;
        return false;
    }

    // A transport that breaks off is the client's end of the call, which RequestAborted tells only later: said here, or it would look like a fault.
    public static RpcException ClientGone(Exception? cause) => new(new Status(StatusCode.Cancelled, "The client ended the call.", cause));

    public async ValueTask<T?> ReadSingleAsync<T>(Marshaller<T> marshaller)
        where T : class
    {
        try
        {
            return await Reader.ReadSingleAsync(marshaller.ContextualDeserializer, ReadToken);
        }
        catch (IOException broken)
        {
            throw ClientGone(broken);
        }
    }

    public async ValueTask<T?> ReadNextAsync<T>(Marshaller<T> marshaller, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await Reader.ReadNextAsync(marshaller.ContextualDeserializer, cancellationToken);
        }
        catch (IOException broken)
        {
            throw ClientGone(broken);
        }
    }

    public void BeginWrite()
    {
        ThrowIfEnded();
        gate.Begin();
    }

    public ValueTask EndWriteAsync() => gate.End() ? default : new ValueTask(ending = EndForDeadlineAsync());

    public void ThrowIfEnded()
    {
        if (!gate.IsEnded)
            return;
        throw deadline is { HasPassed: true } passed
            ? new OperationCanceledException("The deadline of the call passed.", passed.Token)
            : new InvalidOperationException("The call has ended.");
    }

    public Task StartResponseAsync(CancellationToken cancellationToken)
    {
        if (responseStarted)
            return Task.CompletedTask;
        responseStarted = true;
        SetResponseHeaders();
        return Http.Response.HasStarted ? Task.CompletedTask : Http.Response.StartAsync(cancellationToken);
    }

    public Task EndAsync() => EndAsync(StatusCore, responseTrailers);

    public Task FaultAsync(Exception fault)
    {
        var (status, trailers) = CallFaults.Judge(fault, this, deadline is { HasPassed: true }, method);
        return EndAsync(status, trailers is { Count: > 0 } ? CallFaults.Merge(responseTrailers, trailers) : responseTrailers);
    }

    public async ValueTask DisposeAsync()
    {
        await ending;
        if (deadline is not null)
            await deadline.DisposeAsync();
    }

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        if (responseStarted)
            throw new InvalidOperationException("The response headers were sent already.");
        BeginWrite();
        try
        {
            CallGate.WriteMetadata(Http.Response.Headers, responseHeaders);
            await StartResponseAsync(default);
            await Http.Response.BodyWriter.FlushAsync(ReadToken);
        }
        finally
        {
            await EndWriteAsync();
        }
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options)
    {
        options ??= ContextPropagationOptions.Default;
        return new PropagatedContext(
            options.IsPropagateDeadline && deadline is not null ? deadline.Utc : null,
            options.IsPropagateCancellation ? CancellationToken : default);
    }

    private Status? OpenEncoding(IHeaderDictionary headers)
    {
        var encoding = headers["grpc-encoding"];
        if (encoding.Count > 0 && !string.Equals(encoding[0], Encodings.Identity, StringComparison.OrdinalIgnoreCase))
        {
            Reader.Encoding = Settings.Encodings.Find(encoding[0]);
            if (Reader.Encoding is null)
            {
                Http.Response.Headers.GrpcAcceptEncoding = Settings.Encodings.Accepted;
                return new Status(StatusCode.Unimplemented, $"The message encoding is none of '{Settings.Encodings.Accepted}'.");
            }
        }

        if (Settings.ResponseEncoding is { } wanted && Encodings.Lists(headers.GrpcAcceptEncoding.ToString(), wanted.EncodingName))
            ResponseEncoding = wanted;
        return null;
    }

    private Status? OpenDeadline(IHeaderDictionary headers)
    {
        var text = headers.GrpcTimeout;
        if (text.Count == 0)
            return null;
        if (text.Count > 1 || !GrpcTimeout.TryParse(text[0], out var timeout))
            return new Status(StatusCode.Internal, "The grpc-timeout is malformed: at most eight digits and one of H, M, S, m, u, n are expected.");
        deadline = new CallDeadline(timeout, Settings.Time, OnDeadline, Http.RequestAborted);
        deadline.Arm();
        return null;
    }

    // Runs on the timer. The client gets its answer now, also when the method does not listen to its token.
    private void OnDeadline()
    {
        GrpcServerLog.DeadlineExceeded(Settings.Logger, method);
        if (gate.TryEnd() == WriteGate.Ending.Now)
            ending = EndForDeadlineAsync();
    }

    private async Task EndForDeadlineAsync()
    {
        try
        {
            Finish(new Status(StatusCode.DeadlineExceeded, "The deadline of the call passed."), null);
            await Http.Response.CompleteAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            GrpcServerLog.ClientGone(Settings.Logger, method);
        }
    }

    private Task EndAsync(Status status, Metadata? trailers)
    {
        var ended = gate.TryEnd();
        if (ended == WriteGate.Ending.AfterWrite || writer is { IsBroken: true })
        {
            GrpcServerLog.BrokenWrite(Settings.Logger, method);
            Http.Features.Get<IHttpResetFeature>()?.Reset(2); // INTERNAL_ERROR of HTTP/2
            return Task.CompletedTask;
        }

        if (ended == WriteGate.Ending.Now)
            Finish(status, trailers);
        return Task.CompletedTask;
    }

    private void Finish(Status status, Metadata? trailers)
    {
        IHeaderDictionary target;
        if (Http.Response.HasStarted)
        {
            target = Http.Features.Get<IHttpResponseTrailersFeature>()!.Trailers;
        }
        else
        {
            SetResponseHeaders();
            target = Http.Response.Headers;
        }

        if (trailers is not null)
            CallGate.WriteMetadata(target, trailers);
        CallGate.WriteStatus(target, status);
    }

    private void SetResponseHeaders()
    {
        var headers = Http.Response.Headers;
        headers.ContentType = CallGate.ContentType;
        if (ResponseEncoding is not null)
            headers.GrpcEncoding = ResponseEncoding.EncodingName;
    }
}
