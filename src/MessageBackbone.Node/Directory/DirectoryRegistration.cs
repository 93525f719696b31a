using MessageBackbone.Domain.Directory;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Directory;

public static class DirectoryRegistration
{
    /// <summary>The directory held in memory, and its service. <see cref="CurrentDirectory.StartAsync"/> must have returned before anything asks it.</summary>
    public static IServiceCollection AddDirectory(this IServiceCollection services, DirectoryState founded) => services
        .AddSingleton(founded)
        .AddSingleton<CurrentDirectory>()
        .AddSingleton<ActRecording>()
        .AddSingleton<ActDesk>()
        .AddSingleton<DirectoryService>();
}
