using System.Net;
using System.Security.Authentication;
using Grpc.Core;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Gateway.Tests.Running;

/// <summary>Answers a Submit; <c>pass</c> asks the real node.</summary>
internal delegate Task<SubmitReply> Submitting(SubmitRequest request, Func<Task<SubmitReply>> pass, ServerCallContext context);

/// <summary>
/// A node that may lie: it shows a certificate of role node, passes everything on to the real node with the bureau's own keys, and lets a test change what
/// passes. What a test leaves alone is the real node's word.
/// </summary>
internal sealed class FalseNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HolderKeys _keys;
    private volatile CancellationTokenSource _attendances = new();
    private volatile TaskCompletionSource _passed = NewBell();

    private FalseNode(WebApplication app, HolderKeys keys, Party bureau) => (_app, _keys, Bureau) = (app, keys, bureau);

    public Uri Address { get; private set; } = new("https://127.0.0.1");

    /// <summary>Who it is towards the real node.</summary>
    public Party Bureau { get; }

    public Submitting Submit { get; set; } = (_, pass, _) => pass();

    /// <summary>What becomes of a frame of the real node on its way to the gateway.</summary>
    public Func<ToGateway, IEnumerable<ToGateway>> ToGateway { get; set; } = frame => [frame];

    /// <summary>False: the frame never reaches the real node.</summary>
    public Func<FromGateway, bool> FromGateway { get; set; } = _ => true;

    /// <summary>Attends in the real node's place.</summary>
    public Func<IAsyncStreamReader<FromGateway>, IServerStreamWriter<ToGateway>, ServerCallContext, Task>? Attend { get; set; }

    /// <summary>Null: the gateway does not hear of it.</summary>
    public Func<DirectoryUpdate, DirectoryUpdate?> Watch { get; set; } = update => update;

    /// <summary>Calls that brought content, or asked how much is held.</summary>
    public int Uploads { get; set; }

    /// <summary>Answers a download in the real node's place.</summary>
    public Func<ContentRequest, IServerStreamWriter<ContentChunk>, ServerCallContext, Task>? Download { get; set; }

    /// <summary>Ends when the next frame of a gateway has passed or was held back; ask before looking.</summary>
    public Task Passed => _passed.Task;

    /// <summary>Ends with <see cref="CutAttendances"/>.</summary>
    internal CancellationToken AttendancesEnd => _attendances.Token;

    /// <summary>The streams of now end as if the connection were lost; the next one is let in.</summary>
    public void CutAttendances()
    {
        using var cut = _attendances;
        _attendances = new CancellationTokenSource();
        cut.Cancel();
    }

    internal void Pass()
    {
        var bell = _passed;
        _passed = NewBell();
        bell.TrySetResult();
    }

    /// <param name="issued">Whose certificate it shows: a node's, of whatever authority.</param>
    public static async Task<FalseNode> StartAsync(Party bureau, IssuedHolder issued)
    {
        var keys = issued.OpenKeys();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = keys.Tls;
                https.SslProtocols = SslProtocols.Tls13;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = (_, _, _) => true;
            });
        }));
        builder.Services.AddLogging().AddGrpc();
        FalseNode? made = null;
        builder.Services.AddSingleton(_ => made!).AddSingleton<FalseExchange>().AddSingleton<FalseDelivery>().AddSingleton<FalseDirectory>();
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<FalseExchange>();
        app.MapGrpcService<FalseDelivery>();
        app.MapGrpcService<FalseDirectory>();
        made = new FalseNode(app, keys, bureau);
        await app.StartAsync(TestContext.Current.CancellationToken);
        made.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        return made;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _keys.Dispose();
        _attendances.Dispose();
    }

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal sealed class FalseExchange(FalseNode node) : ExchangeService.ExchangeServiceBase
{
    private ExchangeService.ExchangeServiceClient Real => new(node.Bureau.Channel);

    public override Task<SubmitReply> Submit(SubmitRequest request, ServerCallContext context) =>
        node.Submit(request, async () => await Real.SubmitAsync(request, cancellationToken: CancellationToken.None), context);

    public override async Task<Tracking> Track(TrackRequest request, ServerCallContext context) =>
        await Real.TrackAsync(request, cancellationToken: context.CancellationToken);

    public override async Task<ContentReceipt> UploadContent(IAsyncStreamReader<ContentChunk> requestStream, ServerCallContext context)
    {
        node.Uploads++;
        using var call = Real.UploadContent(cancellationToken: context.CancellationToken);
        while (await requestStream.MoveNext(context.CancellationToken)) await call.RequestStream.WriteAsync(requestStream.Current, context.CancellationToken);
        await call.RequestStream.CompleteAsync();
        return await call;
    }

    public override async Task DownloadContent(ContentRequest request, IServerStreamWriter<ContentChunk> responseStream, ServerCallContext context)
    {
        if (node.Download is { } instead)
        {
            await instead(request, responseStream, context);
            return;
        }
        using var call = Real.DownloadContent(request, cancellationToken: context.CancellationToken);
        while (await call.ResponseStream.MoveNext(context.CancellationToken)) await responseStream.WriteAsync(call.ResponseStream.Current, context.CancellationToken);
    }
}

internal sealed class FalseDelivery(FalseNode node) : DeliveryService.DeliveryServiceBase
{
    public override async Task Attend(IAsyncStreamReader<FromGateway> requestStream, IServerStreamWriter<ToGateway> responseStream, ServerCallContext context)
    {
        if (node.Attend is { } instead)
        {
            await instead(requestStream, responseStream, context);
            return;
        }
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, node.AttendancesEnd);
        using var call = new DeliveryService.DeliveryServiceClient(node.Bureau.Channel).Attend(cancellationToken: ends.Token);
        var up = PassUpAsync(requestStream, call.RequestStream, ends.Token);
        try
        {
            while (await call.ResponseStream.MoveNext(ends.Token))
                foreach (var frame in node.ToGateway(call.ResponseStream.Current)) await responseStream.WriteAsync(frame, ends.Token);
        }
        finally
        {
            await ends.CancelAsync();
            await up.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PassUpAsync(IAsyncStreamReader<FromGateway> from, IClientStreamWriter<FromGateway> to, CancellationToken cancellationToken)
    {
        while (await from.MoveNext(cancellationToken))
        {
            var passes = node.FromGateway(from.Current);
            node.Pass();
            if (passes) await to.WriteAsync(from.Current, cancellationToken);
        }
    }
}

internal sealed class FalseDirectory(FalseNode node) : DirectoryService.DirectoryServiceBase
{
    private DirectoryService.DirectoryServiceClient Real => new(node.Bureau.Channel);

    public override async Task<ListBureausReply> ListBureaus(ListBureausRequest request, ServerCallContext context) =>
        await Real.ListBureausAsync(request, cancellationToken: context.CancellationToken);

    public override async Task<BureauEntry> GetBureau(GetBureauRequest request, ServerCallContext context) =>
        await Real.GetBureauAsync(request, cancellationToken: context.CancellationToken);

    public override async Task<ResolveTopicReply> ResolveTopic(ResolveTopicRequest request, ServerCallContext context) =>
        await Real.ResolveTopicAsync(request, cancellationToken: context.CancellationToken);

    public override async Task WatchDirectory(WatchDirectoryRequest request, IServerStreamWriter<DirectoryUpdate> responseStream, ServerCallContext context)
    {
        using var call = Real.WatchDirectory(request, cancellationToken: context.CancellationToken);
        while (await call.ResponseStream.MoveNext(context.CancellationToken))
            if (node.Watch(call.ResponseStream.Current) is { } update) await responseStream.WriteAsync(update, context.CancellationToken);
    }
}
