using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace MessageBackbone.Cli.Running;

/// <summary>Log lines of a service on standard error, as systemd wants them where it started us. Levels: section <c>Logging</c> of the configuration.</summary>
internal static class ServiceLogs
{
    public static ILoggerFactory Create(string? configurationFile) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning)
            // A host that cannot start throws what it logs here; the command tells it in one line.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        if (configurationFile is not null)
            logging.AddConfiguration(new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(configurationFile)).Build().GetSection("Logging"));
        if (SystemdHelpers.IsSystemdService()) logging.AddSystemdConsole();
        else
            logging.AddSimpleConsole(console =>
            {
                (console.SingleLine, console.UseUtcTimestamp, console.TimestampFormat) = (true, true, "yyyy-MM-ddTHH:mm:ss.fffZ ");
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}
