using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MessageBackbone.Gateway.Telemetry;

/// <summary>Sends traces and metrics to a collector while gateways run, when one is configured.</summary>
/// <remarks>Sources and meters are the process's, not a gateway's: gateways in one process that name the same collector share one export, so that nothing
/// arrives twice. Measures carry the bureau as a tag.</remarks>
internal sealed class TelemetryExport : IDisposable
{
    private const int FlushMilliseconds = 3_000;
    // The local API's requests are the roots: left out, they would not be sampled, and nothing below them either.
    private static readonly string[] _sources = [GatewayTelemetry.SourceName, "Microsoft.AspNetCore", "System.Net.Http"];
    private static readonly string[] _meters = [GatewayMeter.Name, "System.Runtime"];
    private static readonly Lock _gate = new();
    private static readonly Dictionary<(string Endpoint, string Protocol), TelemetryExport> _open = [];

    private readonly (string, string) _key;
    private readonly TracerProvider _traces;
    private readonly MeterProvider _metrics;
    private int _users;

    private TelemetryExport(GatewayTelemetryOptions options, string bureau, (string, string) key)
    {
        _key = key;
        var resource = ResourceBuilder.CreateDefault().AddService("messagebackbone-gateway", serviceInstanceId: bureau);
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(_sources)
            .AddOtlpExporter(otlp => Configure(otlp, options, "v1/traces")).Build();
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(_meters)
            .AddOtlpExporter((otlp, reader) =>
            {
                Configure(otlp, options, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.MetricsInterval.TotalMilliseconds;
            }).Build();
    }

    /// <summary>Exports until disposed; null where nobody wants it.</summary>
    public static TelemetryExport? Open(GatewayTelemetryOptions options, string bureau)
    {
        if (!options.IsWanted) return null;
        var key = (options.OtlpEndpoint, options.OtlpProtocol);
        lock (_gate)
        {
            if (!_open.TryGetValue(key, out var export)) _open[key] = export = new TelemetryExport(options, bureau, key);
            export._users++;
            return export;
        }
    }

    /// <summary>To be called once by each who opened it; the last one takes the export down.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (--_users > 0) return;
            _open.Remove(_key);
        }
        // What was measured last is worth a moment, not a hang: the collector may be gone.
        _traces.ForceFlush(FlushMilliseconds);
        _metrics.ForceFlush(FlushMilliseconds);
        _traces.Dispose();
        _metrics.Dispose();
    }

    // Without an address of ours the exporter reads the standard variables by itself.
    private static void Configure(OtlpExporterOptions otlp, GatewayTelemetryOptions options, string path)
    {
        if (options.OtlpEndpoint.Length == 0) return;
        var http = options.OtlpProtocol == "http/protobuf";
        otlp.Protocol = http ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        otlp.Endpoint = http ? new Uri(new Uri(options.OtlpEndpoint.TrimEnd('/') + "/"), path) : new Uri(options.OtlpEndpoint);
    }
}
