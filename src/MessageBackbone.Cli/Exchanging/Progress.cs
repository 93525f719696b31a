using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>How far a long transfer is, in one line that is written over; only where somebody looks.</summary>
internal sealed class Progress(Shell shell, string what, long total) : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);
    private long _last;
    private int _width;

    public void At(long bytes)
    {
        if (!shell.OutputIsTerminal || (_last != 0 && shell.Clock.GetElapsedTime(_last) < Every)) return;
        _last = shell.Clock.GetTimestamp();
        var line = $"{Plain.Line(what)}: {Plain.Bytes(bytes)} of {Plain.Bytes(total)} ({(total == 0 ? 100 : bytes * 100 / total)} %)";
        shell.Error.Write($"\r{line.PadRight(_width)}");
        _width = line.Length;
    }

    /// <summary>Leaves an empty line.</summary>
    public void Dispose()
    {
        if (_width > 0) shell.Error.Write($"\r{"".PadRight(_width)}\r");
    }
}
