using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Carrying;

/// <summary>Wires carrying. Wants accepting, delivering, directory, content, routing and recording in the same container.</summary>
internal static class CarryingRegistration
{
    public static IServiceCollection AddCarrying(this IServiceCollection services) => services
        .AddSingleton<CarryFolder>()
        .AddSingleton<CarryBooks>()
        .AddSingleton<CarriedReceipts>()
        .AddSingleton<CarriedDeliveries>()
        .AddSingleton<CarryImport>()
        .AddSingleton<CarryExport>()
        .AddSingleton<CarryDesk>();
}
