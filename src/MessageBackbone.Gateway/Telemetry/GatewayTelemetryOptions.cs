using System.ComponentModel.DataAnnotations;

namespace MessageBackbone.Gateway.Telemetry;

/// <summary>Where the gateway's traces and metrics go. All defaults are here.</summary>
public sealed class GatewayTelemetryOptions
{
    /// <summary>Address of an OTLP collector, like <c>http://127.0.0.1:4317</c>. Empty: <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, and where that is not set either,
    /// nothing is exported. Default empty.</summary>
    public string OtlpEndpoint { get; set; } = "";

    /// <summary><c>grpc</c> or <c>http/protobuf</c>. Default grpc; counts only with <see cref="OtlpEndpoint"/>.</summary>
    [RegularExpression(@"\A(grpc|http/protobuf)\z", ErrorMessage = "OtlpProtocol is grpc or http/protobuf.")] public string OtlpProtocol { get; set; } = "grpc";

    /// <summary>Time between two exports of the metrics. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")] public TimeSpan MetricsInterval { get; set; } = TimeSpan.FromSeconds(15);

    internal bool IsWanted => OtlpEndpoint.Length > 0 || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"));
}
