using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Projecting;

/// <summary>Wires the read models. Expects the event log, a <see cref="TimeProvider"/> and logging; each read model is also an <see cref="IFollower"/>.</summary>
internal static class ProjectingRegistration
{
    private static readonly Func<ReadModels, ProjectionFollower>[] Followers =
        [models => models.Messages, models => models.Deliveries, models => models.Board, models => models.Directory, models => models.Events,
            models => models.Clocks, models => models.Requests, models => models.Traffic, models => models.Acknowledgements, models => models.Ledger];

    public static IServiceCollection AddProjecting(this IServiceCollection services, ProjectingOptions options)
    {
        services.AddSingleton(options).AddSingleton<ReadModels>();
        services.AddHostedService(provider => provider.GetRequiredService<ReadModels>());
        services.AddSingleton(provider => new Deliveries(provider.GetRequiredService<ReadModels>().Deliveries));
        services.AddSingleton(provider => new Events(provider.GetRequiredService<ReadModels>().Events));
        services.AddSingleton(provider => new ServiceClockQueries(provider.GetRequiredService<ReadModels>().Clocks));
        services.AddSingleton(provider => new RequestQueries(provider.GetRequiredService<ReadModels>().Requests));
        services.AddSingleton(provider => new TrafficQueries(provider.GetRequiredService<ReadModels>().Traffic));
        services.AddSingleton(provider => new MessageQueries(provider.GetRequiredService<ReadModels>().Messages));
        services.AddSingleton(provider => new DirectoryQueries(provider.GetRequiredService<ReadModels>().Directory, provider.GetRequiredService<ReadModels>().Events));
        services.AddSingleton(provider => new LedgerTree(provider.GetRequiredService<ReadModels>().Ledger));
        foreach (var pick in Followers) services.AddSingleton<IFollower>(provider => pick(provider.GetRequiredService<ReadModels>()));
        return services;
    }
}
