using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Fixtures;

/// <summary>Keeps what a node logs. An error that no test expected fails the test that disposes the house.</summary>
internal sealed class ErrorLogs : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _errors = [];
    private readonly ConcurrentQueue<string> _lines = [];

    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Everything that was logged at Information and above.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    public void Forget() => _errors.Clear();

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = $"{logLevel}: {formatter(state, exception)} {exception}";
        _lines.Enqueue(line);
        if (logLevel >= LogLevel.Error)
        {
            _errors.Enqueue(line);
        }
    }

    public void Dispose()
    {
    }
}
