using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace MessageBackbone.Conformance;

/// <summary>The conformance service on Python's grpcio, for one class of tests. What it wrote to its standard error goes with a failure.</summary>
public abstract class PythonServer(bool tls) : IAsyncLifetime
{
    private readonly List<GrpcChannel> channels = [];
    private Process process = null!;
    private Task<string> errors = null!;
    private Uri address = null!;

    public async ValueTask InitializeAsync()
    {
        string[] certificates = tls ? [await Python.CertificatesAsync()] : [];
        process = await Python.StartAsync("server.py", certificates);
        errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var port = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.True(port is not null, $"server.py ended before it listened:\n{(port is null ? await errors : "")}");
        address = new Uri($"{(tls ? "https" : "http")}://127.0.0.1:{port}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in channels)
            channel.Dispose();
        process.StandardInput.Close();
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        GC.SuppressFinalize(this);
    }

    internal Proto.Conformance.ConformanceClient Client(Action<GrpcChannelOptions>? configure = null, Action<SocketsHttpHandler>? handle = null) =>
        new(Channel(new WireWatch(), configure, handle));

    internal GrpcChannel Channel(WireWatch watch, Action<GrpcChannelOptions>? configure = null, Action<SocketsHttpHandler>? handle = null)
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, presented, _, _) =>
            presented?.GetCertHashString() == Certificates.Server.GetCertHashString();
        handler.SslOptions.ClientCertificates = new X509CertificateCollection { Certificates.Client };
        handler.PlaintextStreamFilter = (context, _) => new ValueTask<Stream>(new WatchedStream(context.PlaintextStream, watch));
        handle?.Invoke(handler);
        var options = new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true };
        configure?.Invoke(options);
        var channel = GrpcChannel.ForAddress(address, options);
        lock (channels)
            channels.Add(channel);
        return channel;
    }
}

public sealed class PythonServerOverCleartext() : PythonServer(tls: false);

public sealed class PythonServerOverTls() : PythonServer(tls: true);
