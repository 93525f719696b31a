using MassTransit;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>MassTransit's own lines go where the node's go, as warnings at most: what it calls an error costs a repeat, never a message, and what
/// wants somebody's hand is said by the node itself.</summary>
/// <remarks>Left out are the lines that a reference given back makes: each detached lane would write up to 64 of them, each with its stack.</remarks>
internal sealed class BusLogs(ILoggerFactory logs) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new BusLog(logs.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => logs.AddProvider(provider);

    public void Dispose()
    {
        // The node's own, and not ours to end.
    }

    private static bool IsGivenBack(Exception? exception) => exception is OperationCanceledException or ConsumerCanceledException
        || (exception is AggregateException many && many.InnerExceptions.Any(IsGivenBack));

    private sealed class BusLog(ILogger log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsGivenBack(exception)) return;
            log.Log(logLevel > LogLevel.Warning ? LogLevel.Warning : logLevel, eventId, state, exception, formatter);
        }
    }
}
