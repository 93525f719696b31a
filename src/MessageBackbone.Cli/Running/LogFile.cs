using System.Globalization;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Cli.Running;

/// <summary>Log lines of everything in this process, in one file: a demo's screen is for what its user wants to see. Safe for concurrent use.</summary>
internal sealed class LogFile : ILoggerProvider
{
    private readonly Lock _gate = new();
    private readonly StreamWriter _file;
    private readonly TimeProvider _clock;
    private int _errors;

    public LogFile(string path, TimeProvider clock)
    {
        (Path, _clock) = (path, clock);
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        _file = new StreamWriter(path, options);
    }

    public string Path { get; }

    /// <summary>Lines of level Error or worse so far.</summary>
    public int Errors => Volatile.Read(ref _errors);

    public ILoggerFactory Factory() => LoggerFactory.Create(logging => logging.AddProvider(this)
        .SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.Hosting", LogLevel.Warning));

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void Dispose()
    {
        lock (_gate) _file.Dispose();
    }

    private void Write(string category, LogLevel level, string text, Exception? fault)
    {
        if (level >= LogLevel.Error) Interlocked.Increment(ref _errors);
        var line = string.Create(CultureInfo.InvariantCulture, $"{_clock.GetUtcNow():O} {level} {category}: {text}");
        lock (_gate)
        {
            _file.WriteLine(line.ReplaceLineEndings(" "));
            if (fault is not null) _file.WriteLine(fault);
            if (level >= LogLevel.Warning) _file.Flush();
        }
    }

    private sealed class Category(LogFile file, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            file.Write(name, logLevel, formatter(state, exception), exception);
    }
}
