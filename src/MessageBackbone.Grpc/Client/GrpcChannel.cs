using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;
using Grpc.Net.Compression;
using MessageBackbone.GrpcClient;
using MessageBackbone.GrpcWire;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client;

/// <summary>How a channel connects and what it accepts. At most one of <see cref="HttpHandler"/> and <see cref="HttpClient"/>.</summary>
public sealed class GrpcChannelOptions
{
    /// <summary>The transport, such as a <c>SocketsHttpHandler</c> with client certificate and keep-alive pings.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    public HttpClient? HttpClient { get; set; }

    /// <summary>Disposes the given handler or client with the channel. The default is false; a handler that the channel made is always disposed.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>Bytes of one received message, after decompression; null is unlimited. The default is 4 MiB.</summary>
    public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>Bytes of one sent message, before compression; null, the default, is unlimited.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>The encodings understood. The default is gzip.</summary>
    public IList<ICompressionProvider>? CompressionProviders { get; set; }

    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Cancelled calls throw <see cref="OperationCanceledException"/> in place of <see cref="RpcException"/>. The default is false.</summary>
    public bool ThrowOperationCanceledOnCancellation { get; set; }

    public Version? HttpVersion { get; set; }

    public HttpVersionPolicy? HttpVersionPolicy { get; set; }
}

/// <summary>Calls to one server address. Make it once and share it: it holds the connections.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly HttpMessageInvoker invoker;
    private readonly bool ownsInvoker;
    private readonly ConcurrentDictionary<IMethod, Uri> addresses = new();
    private readonly CancellationTokenSource disposed = new();
    private readonly Uri address;

    private GrpcChannel(Uri address, GrpcChannelOptions options)
        : base(address.Authority)
    {
        if (options is { HttpHandler: not null, HttpClient: not null })
            throw new ArgumentException("HttpHandler and HttpClient are both set: a channel has one transport.", nameof(options));
        this.address = address;
        invoker = options.HttpClient ?? new HttpMessageInvoker(options.HttpHandler ?? NewHandler(), options.HttpHandler is null || options.DisposeHttpClient);
        ownsInvoker = options.HttpClient is null || options.DisposeHttpClient;
        ReceiveLimit = options.MaxReceiveMessageSize;
        SendLimit = options.MaxSendMessageSize;
        Encodings = new Encodings(options.CompressionProviders);
        ThrowsOperationCanceled = options.ThrowOperationCanceledOnCancellation;
        HttpVersion = options.HttpVersion ?? System.Net.HttpVersion.Version20;
        HttpVersionPolicy = options.HttpVersionPolicy ?? System.Net.Http.HttpVersionPolicy.RequestVersionExact;
        Logger = (ILogger?)options.LoggerFactory?.CreateLogger("Grpc.Net.Client") ?? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;
    }

    internal int? ReceiveLimit { get; }

    internal int? SendLimit { get; }

    internal Encodings Encodings { get; }

    internal bool ThrowsOperationCanceled { get; }

    internal Version HttpVersion { get; }

    internal HttpVersionPolicy HttpVersionPolicy { get; }

    internal ILogger Logger { get; }

    internal TimeProvider Time { get; } = TimeProvider.System;

    // Fires with Dispose: calls under way end with CANCELLED.
    internal CancellationToken Disposed { get; private set; }

    public static GrpcChannel ForAddress(string address) => ForAddress(new Uri(address));

    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) => ForAddress(new Uri(address), channelOptions);

    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            throw new ArgumentException($"A channel's address is http:// or https://, not '{address}'.", nameof(address));
        var channel = new GrpcChannel(address, channelOptions);
        channel.Disposed = channel.disposed.Token;
        return channel;
    }

    public override CallInvoker CreateCallInvoker() => new ChannelCallInvoker(this);

    public void Dispose()
    {
        if (Disposed.IsCancellationRequested)
            return;
        disposed.Cancel();
        if (ownsInvoker)
            invoker.Dispose();
        disposed.Dispose();
    }

    internal Uri AddressOf(IMethod method)
    {
        ObjectDisposedException.ThrowIf(Disposed.IsCancellationRequested, this);
        return addresses.GetOrAdd(method, static (m, root) => new Uri(root, m.FullName), address);
    }

    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        invoker is HttpClient client
            ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            : invoker.SendAsync(request, cancellationToken);

    protected override Task ShutdownAsyncCore()
    {
        Dispose();
        return Task.CompletedTask;
    }

    // Cookies, redirects and proxies have no place in gRPC; a second connection opens when the first one's streams are all in use.
    private static SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        EnableMultipleHttp2Connections = true,
        UseCookies = false,
        UseProxy = false,
    };
}
