using MessageBackbone.Node.Projecting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MessageBackbone.Node.Ledger;

/// <summary>Wires the ledger. Expects the read models, the recorder and the node's identity.</summary>
internal static class LedgerRegistration
{
    /// <exception cref="System.ComponentModel.DataAnnotations.ValidationException">The log's keys cannot be used.</exception>
    public static IServiceCollection AddLedger(this IServiceCollection services, LedgerOptions options)
    {
        services.AddSingleton(options).AddSingleton<LedgerService>();
        if (LogSigner.Load(options) is not { } signer) return services;
        // By a factory, so that the container ends it.
        services.AddSingleton(_ => signer).AddSingleton<Checkpointing>();
        services.AddSingleton<IFollower>(provider => provider.GetRequiredService<Checkpointing>());
        return services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<Checkpointing>());
    }
}
