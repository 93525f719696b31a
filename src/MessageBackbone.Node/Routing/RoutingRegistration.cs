using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing.Lanes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing;

/// <summary>Wires routing. Wants an <see cref="IEventLog"/>, a <see cref="TimeProvider"/> and logging in the same container.</summary>
public static class RoutingRegistration
{
    public static IServiceCollection AddRouting(this IServiceCollection services, RoutingOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(_ => Plan.Open(options.PlanFile));
        services.AddSingleton<Planner>();
        services.AddSingleton<IFollower>(provider => provider.GetRequiredService<Planner>());
        services.AddSingleton<Publisher>();
        services.AddSingleton<ILaneTransport>(provider =>
        {
            var (plan, clock, logs) = (provider.GetRequiredService<Plan>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>());
            return options.RabbitMq is null ? new InMemoryLanes(plan, options, clock, logs) : new RabbitMqLanes(plan, options, clock, logs);
        });
        services.AddSingleton<RoutingService>();
        // It has no place of its own in the log: what it can send is what is planned.
        services.AddSingleton<IFollower>(provider => new ObservedFollower(
            "publisher", () => provider.GetRequiredService<Planner>().Position, () => provider.GetRequiredService<RoutingService>().State));
        services.AddHostedService(provider => provider.GetRequiredService<RoutingService>());
        return services;
    }
}
