using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Escalating;

/// <summary>Wires escalating. Wants recording, directory and the read models in the same container.</summary>
public static class EscalatingRegistration
{
    public static IServiceCollection AddEscalating(this IServiceCollection services, EscalationOptions options, RequestOptions requests) => services
        .AddSingleton(options)
        .AddSingleton(requests)
        .AddSingleton<EscalationSignals>()
        .AddSingleton<Escalator>()
        .AddSingleton<OwedNotices>()
        .AddSingleton<EscalationNotices>()
        .AddSingleton<CallRecording>()
        .AddSingleton<EscalationCalls>()
        .AddSingleton<RequestSignals>()
        .AddSingleton<RequestKeeper>()
        .AddSingleton<RequestNotices>()
        .AddSingleton<EscalatingService>()
        .AddSingleton<IFollower>(provider => new ObservedFollower(
            "escalation", () => provider.GetRequiredService<ReadModels>().Clocks.Position, () => provider.GetRequiredService<EscalatingService>().State))
        .AddHostedService(provider => provider.GetRequiredService<EscalatingService>());
}
