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
        .AddSingleton<DeliveryService>();
}
