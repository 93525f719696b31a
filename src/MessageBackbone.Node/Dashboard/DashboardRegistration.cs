using MessageBackbone.Node.Dashboard.Watching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MessageBackbone.Node.Dashboard;

/// <summary>Wires the dashboard. Expects the read models, the directory, operations and auditing.</summary>
internal static class DashboardRegistration
{
    public static IServiceCollection AddDashboard(this IServiceCollection services, DashboardOptions options, DashboardListening listening, ServiceLevels levels)
    {
        services.AddSingleton(options).AddSingleton(listening).AddSingleton(levels).AddSingleton<DashboardRooms>().AddSingleton<DashboardHost>();
        if (!options.Served) return services;
        services.AddSingleton<Alarms>().AddSingleton<BoardReading>().AddSingleton<BoardFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<BoardFeed>());
        return services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<DashboardHost>());
    }
}
