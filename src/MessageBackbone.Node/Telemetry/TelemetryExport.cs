using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MessageBackbone.Node.Telemetry;

/// <summary>Sends traces and metrics to a collector while the node runs, when one is configured.</summary>
internal sealed class TelemetryExport(TelemetryOptions options, string instance) : IHostedService, IDisposable
{
    private const int FlushMilliseconds = 3_000;
    private static readonly string[] Sources = [NodeMetrics.Source, "MassTransit", "Microsoft.AspNetCore", "System.Net.Http"];
    private static readonly string[] Meters = [NodeMetrics.Source, "MassTransit", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];
    private TracerProvider? _traces;
    private MeterProvider? _metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.OtlpEndpoint.Length == 0 && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"))) return Task.CompletedTask;
        var resource = ResourceBuilder.CreateDefault().AddService("messagebackbone-node", serviceInstanceId: instance);
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Sources)
            .AddOtlpExporter(otlp => Configure(otlp, "v1/traces")).Build();
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Meters)
            .AddOtlpExporter((otlp, reader) =>
            {
                Configure(otlp, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.MetricsInterval.TotalMilliseconds;
            }).Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        // What was measured last is worth a moment, not a hang: the collector may be gone.
        _traces?.ForceFlush(FlushMilliseconds);
        _metrics?.ForceFlush(FlushMilliseconds);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    // Without an address of ours the exporter reads the standard variables by itself.
    private void Configure(OtlpExporterOptions otlp, string path)
    {
        if (options.OtlpEndpoint.Length == 0) return;
        var http = options.OtlpProtocol == "http/protobuf";
        otlp.Protocol = http ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        otlp.Endpoint = http ? new Uri(new Uri(options.OtlpEndpoint.TrimEnd('/') + "/"), path) : new Uri(options.OtlpEndpoint);
    }
}

internal static class TelemetryRegistration
{
    /// <param name="instance">The node's name.</param>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, TelemetryOptions options, string instance)
    {
        services.AddSingleton(options);
        return services.AddHostedService(_ => new TelemetryExport(options, instance));
    }
}
