using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>Lets the web framework log warnings and worse only: its lines about each request repeat what was asked, and an officer may have asked for a name.</summary>
internal sealed class QuietFramework(ILoggerFactory logs) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("Microsoft.", StringComparison.Ordinal)
        ? new FromWarning(logs.CreateLogger(categoryName))
        : logs.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => logs.AddProvider(provider);

    /// <summary>Nothing: the factory behind is its owner's.</summary>
    public void Dispose()
    {
    }

    private sealed class FromWarning(ILogger log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && log.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) log.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
