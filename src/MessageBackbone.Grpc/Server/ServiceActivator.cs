using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.GrpcServer;

// A registered service is used as registered; any other is made for the call and disposed after it.
internal static class ServiceActivator<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TService>
    where TService : class
{
    private static readonly ObjectFactory<TService> Factory = ActivatorUtilities.CreateFactory<TService>([]);

    public static TService Get(IServiceProvider services, out bool own)
    {
        var registered = services.GetService<TService>();
        own = registered is null;
        return registered ?? Factory(services, []);
    }

    public static ValueTask DisposeAsync(TService service)
    {
        if (service is IAsyncDisposable asynchronous)
            return asynchronous.DisposeAsync();
        (service as IDisposable)?.Dispose();
        return default;
    }
}
