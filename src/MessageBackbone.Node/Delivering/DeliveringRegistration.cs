using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Delivering;

/// <summary>Wires delivering. Wants routing, recording, directory, content and accepting in the same container.</summary>
public static class DeliveringRegistration
{
    public static IServiceCollection AddDelivering(this IServiceCollection services, DeliveringOptions options) => services
        .AddSingleton(options)
        .AddSingleton<Attendances>()
        .AddSingleton<Presenting>()
        .AddSingleton<ReceiptRecording>()
        .AddSingleton<AttemptRecording>()
        .AddSingleton<AttendanceRooms>()
        .AddSingleton<AttendanceOpening>()
        .AddSingleton<DeliveryEnding>()
        .AddSingleton<Expiring>()
        .AddSingleton<Closing>()
        .AddSingleton<NonDeliveryReports>()
        .AddSingleton<Withdrawals>()
        .AddSingleton<Recalling>()
        .AddSingleton<ExpiringService>()
        .AddSingleton<IFollower>(provider => new ObservedFollower(
            "deadlines", () => provider.GetRequiredService<Planner>().Position, () => provider.GetRequiredService<ExpiringService>().State))
        .AddHostedService(provider => provider.GetRequiredService<ExpiringService>())
        .AddSingleton<DeliveryService>();
}
