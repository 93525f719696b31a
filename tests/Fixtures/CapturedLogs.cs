using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Xunit;

namespace MessageBackbone.Fixtures;

/// <summary>One line as a log file would show it, with its fields and its exception.</summary>
public sealed record CapturedLine(LogLevel Level, string Category, EventId Event, string Text);

/// <summary>Every line that a host writes, at every level. A test hands it to the hosts as their <see cref="ILoggerFactory"/> and asserts on it at the end:
/// disposing it fails the test when an error was logged that it did not expect.</summary>
public sealed class CapturedLogs : ILoggerFactory
{
    private readonly ConcurrentQueue<CapturedLine> _lines = new();
    private readonly ConcurrentBag<Func<CapturedLine, bool>> _expected = [];

    public IReadOnlyCollection<CapturedLine> Lines => _lines;

    /// <summary>Errors of which this is true do not fail the test.</summary>
    public CapturedLogs Expect(Func<CapturedLine, bool> error)
    {
        _expected.Add(error);
        return this;
    }

    /// <summary>Fails when one of <paramref name="secrets"/> (a body's marker, a key, the name of a person) stands in any line.</summary>
    public void AssertNowhere(params string[] secrets)
    {
        foreach (var secret in secrets)
        {
            var found = _lines.FirstOrDefault(line => line.Text.Contains(secret, StringComparison.OrdinalIgnoreCase));
            Assert.True(found is null, $"A line of {found?.Category} (event {found?.Event.Id}) holds what no log may hold.");
        }
    }

    /// <summary>Fails when an error was logged that nobody expected.</summary>
    public void AssertNoErrors()
    {
        var error = _lines.FirstOrDefault(line => line.Level >= LogLevel.Error && !_expected.Any(expected => expected(line)));
        Assert.True(error is null, $"Unexpected: {error?.Category}: {error?.Text}");
    }

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, _lines);

    /// <summary>Lines are only captured: another provider has no place here.</summary>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Lines are only captured.");

    public void Dispose() => AssertNoErrors();

    private sealed class Recorder(string category, ConcurrentQueue<CapturedLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // Fields too: a structured log keeps what the text leaves out.
            var fields = state is IEnumerable<KeyValuePair<string, object?>> pairs
                ? string.Join(' ', pairs.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value}")))
                : "";
            lines.Enqueue(new(logLevel, category, eventId, $"{formatter(state, exception)} {fields} {exception}"));
        }
    }
}
