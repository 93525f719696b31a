using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MessageBackbone.Node.Operations;

/// <summary>Wires operations. Expects the read models (<c>AddProjecting</c>), the log, the node's identity, and the surroundings as the host knows them.</summary>
internal static class OperationsRegistration
{
    public static IServiceCollection AddOperations(
        this IServiceCollection services, OperationsOptions options, string dataFolder, Func<IServiceProvider, Surroundings> surroundings)
    {
        services.AddSingleton(options).AddSingleton(_ => ReadinessDisk.Of(dataFolder)).AddSingleton(surroundings);
        services.AddSingleton<BoardView>().AddSingleton<LaneView>().AddSingleton<QuarantineView>().AddSingleton<RedeliveryView>();
        services.AddSingleton<DrainView>().AddSingleton<Acknowledgements>();
        services.AddSingleton<Readiness>().AddSingleton<OperationsService>().AddSingleton<HealthPages>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<HealthPages>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<DrainView>());
        return services.AddHostedService<BoardGauge>().AddHostedService<HealthReporter>();
    }
}
