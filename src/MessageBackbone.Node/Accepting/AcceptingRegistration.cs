using MessageBackbone.Node.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Accepting;

public static class AcceptingRegistration
{
    /// <summary>Beyond this the gRPC stack itself refuses (see <see cref="Oversize"/>); up to it the size checks do, naming the field.</summary>
    private const int Slack = 768 * 1024;

    public static IServiceCollection AddAccepting(this IServiceCollection services, NodeLimits limits, AcceptingOptions options)
    {
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = Math.Max(limits.HeaderBytes + limits.BodyBytes, 3 << 20) + Slack;
            grpc.Interceptors.Add<CallInterceptor>();
        });
        return services
            .AddSingleton(options)
            .AddSingleton<Callers>()
            .AddSingleton<CallerGuards>()
            .AddHostedService(provider => provider.GetRequiredService<CallerGuards>())
            .AddSingleton<SecurityRecorder>()
            .AddSingleton<CallInterceptor>()
            .AddSingleton<AcceptanceReceipts>()
            .AddSingleton<Quotas>()
            .AddSingleton<WorkingPlaces>()
            .AddSingleton<DrainGate>()
            .AddSingleton<RecallCheck>()
            .AddSingleton<AttachmentTransfers>()
            .AddSingleton<AttachmentCheck>()
            .AddSingleton<UploadCall>()
            .AddSingleton<DownloadCall>()
            .AddSingleton<RequestCheck>()
            .AddSingleton<Acceptor>()
            .AddSingleton<RequestTracker>()
            .AddSingleton<Tracker>()
            .AddSingleton<ExchangeService>();
    }
}
