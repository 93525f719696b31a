using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Fixtures;

/// <summary>A span as a collector gets it.</summary>
public sealed record ReceivedSpan(string Service, string Scope, string Name, string TraceId, string SpanId, string ParentSpanId);

/// <summary>A metric of which at least one point arrived.</summary>
public sealed record ReceivedMetric(string Service, string Scope, string Name);

/// <summary>An OTLP collector on loopback (HTTP with protobuf) that understands enough to see which spans and metrics arrive.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly List<ReceivedSpan> _spans = [];
    private readonly List<ReceivedMetric> _metrics = [];
    private TaskCompletionSource _arrived = NewBell();

    private OtlpReceiver(WebApplication app) => _app = app;

    /// <summary>What to configure as OTLP endpoint, with protocol <c>http/protobuf</c>.</summary>
    public Uri Endpoint { get; private set; } = new("http://127.0.0.1");

    public IReadOnlyList<ReceivedSpan> Spans
    {
        get
        {
            lock (_gate) return [.. _spans];
        }
    }

    public IReadOnlyList<ReceivedMetric> Metrics
    {
        get
        {
            lock (_gate) return [.. _metrics];
        }
    }

    public static async Task<OtlpReceiver> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var receiver = new OtlpReceiver(builder.Build());
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync(cancellationToken);
        var addresses = receiver._app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>();
        receiver.Endpoint = new Uri(addresses.Addresses.First());
        return receiver;
    }

    /// <summary>Returns what <paramref name="look"/> finds, once it finds something; asked again whenever something arrived.</summary>
    public async Task<T> WaitForAsync<T>(Func<OtlpReceiver, T?> look, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            Task arrived;
            lock (_gate) arrived = _arrived.Task;
            if (look(this) is { } found) return found;
            await arrived.WaitAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var (spans, metrics) = Read(body.ToArray(), isTraces: context.Request.Path == "/v1/traces");
        TaskCompletionSource bell;
        lock (_gate)
        {
            _spans.AddRange(spans);
            _metrics.AddRange(metrics);
            bell = _arrived;
            _arrived = NewBell();
        }

        context.Response.ContentType = "application/x-protobuf";
        bell.SetResult();
    }

    // ExportTraceServiceRequest and ExportMetricsServiceRequest: resource (1) and scopes (2) in each of 1; scope (1) and items (2) in each scope.
    private static (List<ReceivedSpan> Spans, List<ReceivedMetric> Metrics) Read(byte[] request, bool isTraces)
    {
        var (spans, metrics) = (new List<ReceivedSpan>(), new List<ReceivedMetric>());
        foreach (var resource in Fields(request).Where(f => f.Number == 1).Select(f => f.Bytes))
        {
            var service = ServiceOf(Fields(resource).FirstOrDefault(f => f.Number == 1).Bytes ?? []);
            foreach (var scoped in Fields(resource).Where(f => f.Number == 2).Select(f => f.Bytes))
            {
                var scope = Text(Fields(scoped).FirstOrDefault(f => f.Number == 1).Bytes ?? [], 1);
                foreach (var item in Fields(scoped).Where(f => f.Number == 2).Select(f => f.Bytes))
                {
                    if (isTraces) spans.Add(new(service, scope, Text(item, 5), Hex(item, 1), Hex(item, 2), Hex(item, 4)));
                    else metrics.Add(new(service, scope, Text(item, 1)));
                }
            }
        }

        return (spans, metrics);
    }

    private static string ServiceOf(byte[] resource) => Fields(resource).Where(f => f.Number == 1).Select(f => f.Bytes)
        .Where(attribute => Text(attribute, 1) == "service.name")
        .Select(attribute => Text(Fields(attribute).First(f => f.Number == 2).Bytes, 1)).FirstOrDefault("");

    private static string Text(byte[] message, int field) => System.Text.Encoding.UTF8.GetString(Fields(message).FirstOrDefault(f => f.Number == field).Bytes ?? []);

    private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Fields(message).FirstOrDefault(f => f.Number == field).Bytes ?? []);

    // The length-delimited fields of a message; numbers are passed over.
    private static List<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, byte[])>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited) fields.Add((WireFormat.GetTagFieldNumber(tag), input.ReadBytes().ToByteArray()));
            else input.SkipLastField();
        }

        return fields;
    }

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
