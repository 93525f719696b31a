using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Client;
using MessageBackbone.GrpcWire;

namespace MessageBackbone.GrpcClient;

// One call on the client with its message types.
internal sealed class ClientCall<TRequest, TResponse>(GrpcChannel channel, Method<TRequest, TResponse> method, string? host, CallOptions options)
    : ClientCall(channel, host, options)
    where TRequest : class
    where TResponse : class
{
    private volatile HttpResponseMessage? response;
    private PipeReader? pipe;

    public MessageContent UnaryContent(TRequest request)
    {
        var frame = new FrameBuffer(Channel.SendLimit);
        try
        {
            frame.Write(method.RequestMarshaller, request, !DefaultFlags.HasFlag(WriteFlags.NoCompress) ? RequestEncoding : null, null);
            return new MessageContent(frame);
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    // Shapes with one response.
    public async Task<TResponse> RunSingleAsync(HttpContent content)
    {
        try
        {
            var reader = await SendAsync(content);
            var message = reader is null ? null : await reader.ReadSingleAsync(method.ResponseMarshaller.ContextualDeserializer, Stop);
            if (reader is not null)
                FinishWithTrailers(response!);
            ThrowIfNotOk();
            return message ?? throw new RpcException(new Status(StatusCode.Internal, "The call ended with OK but without its message."));
        }
        catch (Exception e)
        {
            throw Translate(e);
        }
        finally
        {
            await CloseAsync();
        }
    }

    // Shapes with a stream of responses: the request leaves at once, its answer is awaited by the first read.
    public IAsyncStreamReader<TResponse> OpenResponses(HttpContent content)
    {
        // Between two reads nothing of ours would notice the end: only closing the response makes the transport reset the stream.
        Stop.UnsafeRegister(static call => ((ClientCall<TRequest, TResponse>)call!).response?.Dispose(), this);
        return new ResponseStreamReader(this, OpenAsync(content));
    }

    // A call that never reached the server has no stream to write to: who writes before anybody reads is told too, instead of waiting for one.
    private async Task<MessageReader?> OpenAsync(HttpContent content)
    {
        try
        {
            return await SendAsync(content);
        }
        catch (Exception e)
        {
            throw Translate(e);
        }
    }

    private async Task<MessageReader?> SendAsync(HttpContent content)
    {
        using var request = NewRequest(method, content);
        Stop.ThrowIfCancellationRequested();
        response = await Channel.SendAsync(request, Stop);
        if (Stop.IsCancellationRequested)
            response.Dispose();
        Stop.ThrowIfCancellationRequested();
        return Open(response, out pipe);
    }

    private async ValueTask CloseAsync()
    {
        if (pipe is not null)
            await pipe.CompleteAsync();
        response?.Dispose();
        Release();
    }

    private sealed class ResponseStreamReader(ClientCall<TRequest, TResponse> call, Task<MessageReader?> opened) : IAsyncStreamReader<TResponse>
    {
        private TResponse? current;
        private bool closed;

        public TResponse Current => current ?? throw new InvalidOperationException("There is no current message: MoveNext was not called or found the end.");

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            current = null;
            if (closed)
            {
                call.ThrowIfNotOk();
                return false;
            }

            // Giving up one read gives up the call: a message half read cannot be put back.
            await using var giveUp = cancellationToken.CanBeCanceled
                ? cancellationToken.UnsafeRegister(static state => ((ClientCall)state!).Cancel(), call)
                : default;
            try
            {
                if (await opened is { } reader)
                {
                    current = await reader.ReadNextAsync(call.ResponseParser, call.Stop);
                    if (current is not null)
                        return true;
                    call.FinishWithTrailers(call.response!);
                }

                call.ThrowIfNotOk();
                await CloseAsync();
                return false;
            }
            catch (Exception e)
            {
                var translated = call.Translate(e);
                await CloseAsync();
                throw translated;
            }
        }

        private ValueTask CloseAsync()
        {
            closed = true;
            return call.CloseAsync();
        }
    }

    private Func<DeserializationContext, TResponse> ResponseParser => method.ResponseMarshaller.ContextualDeserializer;
}
