namespace MessageBackbone.EventLog;

/// <summary>The store cannot serve now: full disk, I/O error, lost connection, or disposed. As far as is known nothing of the call was persisted; the
/// caller may repeat it with the same event ids. Callers over the wire get STORE_UNAVAILABLE.</summary>
public sealed class EventLogUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>The store cannot be opened and trying again changes nothing: another process holds it, it was written by a newer version, or it is no
/// event log. The message names the file and what to do.</summary>
public sealed class EventLogOpenException(string file, string message, Exception? innerException = null)
    : Exception($"{message} ({file})", innerException)
{
    /// <summary>The file that stands in the way.</summary>
    public string File { get; } = file;
}
