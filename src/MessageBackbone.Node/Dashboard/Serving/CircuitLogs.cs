using Microsoft.Extensions.Logging;
using Microsoft.JSInterop;

namespace MessageBackbone.Node.Dashboard.Serving;

/// <summary>Logs of the dashboard, in which a browser that has left is no error: a part that still talks to it as it goes is told so by an exception, and
/// each tab that is closed would otherwise stand in the log as a fault of the node.</summary>
internal sealed class CircuitLogs(ILoggerFactory inner) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new Lowered(inner.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <summary>Does nothing: the node's logs are not the dashboard's.</summary>
    public void Dispose()
    {
    }

    private sealed class Lowered(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            inner.Log(Left(exception) ? LogLevel.Debug : logLevel, eventId, state, exception, formatter);

        private static bool Left(Exception? exception) =>
            exception is JSDisconnectedException || (exception is AggregateException many && many.InnerExceptions.All(Left));
    }
}
