using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Auditing;

internal static class AuditingRegistration
{
    public static IServiceCollection AddAuditing(this IServiceCollection services) =>
        services.AddSingleton<History>().AddSingleton<AccessRecord>().AddSingleton<AuditService>();
}
