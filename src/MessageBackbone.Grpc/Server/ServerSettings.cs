using System.IO.Compression;
using Grpc.AspNetCore.Server;
using Grpc.Net.Compression;
using MessageBackbone.GrpcWire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MessageBackbone.GrpcServer;

// The options as the calls use them: read once, names resolved.
internal sealed class ServerSettings
{
    public ServerSettings(IOptions<GrpcServiceOptions> options, ILoggerFactory loggers, TimeProvider time)
    {
        var value = options.Value;
        Encodings = new Encodings(value.CompressionProviders);
        ReceiveLimit = value.MaxReceiveMessageSize;
        SendLimit = value.MaxSendMessageSize;
        DetailedErrors = value.EnableDetailedErrors ?? false;
        AnswersUnknown = !(value.IgnoreUnknownServices ?? false);
        Interceptors = [.. value.Interceptors];
        CompressionLevel = value.ResponseCompressionLevel;
        Logger = loggers.CreateLogger("Grpc.AspNetCore.Server");
        Time = time;
        if (value.ResponseCompressionAlgorithm is { Length: > 0 } name && name != GrpcWire.Encodings.Identity)
        {
            ResponseEncoding = Encodings.Find(name)
                ?? throw new InvalidOperationException($"ResponseCompressionAlgorithm '{name}' is none of '{Encodings.Accepted}'.");
        }
    }

    public Encodings Encodings { get; }

    public int? ReceiveLimit { get; }

    public int? SendLimit { get; }

    public bool DetailedErrors { get; }

    public bool AnswersUnknown { get; }

    public IReadOnlyList<InterceptorRegistration> Interceptors { get; }

    public ICompressionProvider? ResponseEncoding { get; }

    public CompressionLevel? CompressionLevel { get; }

    public ILogger Logger { get; }

    public TimeProvider Time { get; }
}
