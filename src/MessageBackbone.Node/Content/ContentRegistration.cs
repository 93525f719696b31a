using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Content;

public static class ContentRegistration
{
    public static IServiceCollection AddContent(this IServiceCollection services) => services
        .AddSingleton<ContentStore>()
        .AddSingleton<AttachmentStore>()
        .AddSingleton<OrphanSweep>()
        .AddHostedService(provider => provider.GetRequiredService<OrphanSweep>());
}
