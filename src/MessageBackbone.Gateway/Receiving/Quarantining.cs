using Grpc.Core;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>Tells a fault that one message has from one that every message would have, and bounds how often the first is believed.</summary>
/// <remarks>Only a fault of one message is answered with a quarantine. Whatever else fails ends the attendance: nothing is receipted, and all comes again. Lives
/// as long as the gateway. Safe for concurrent use.</remarks>
internal sealed class Quarantining(GatewayOptions options, TimeProvider clock, ILogger log)
{
    // Of SQLite's errors those that are about what is stored, not about the store: too big, constraint, mismatch.
    private static readonly int[] AboutTheRow = [18, 19, 20];
    private int _inARow;

    /// <summary>Not told by it: whether the fault is the message's or a defect of our own that it met. Both concern this message.</summary>
    public static bool ConcernsOne(Exception fault) => fault switch
    {
        SqliteException store => Array.IndexOf(AboutTheRow, store.SqliteErrorCode) >= 0,
        RpcException or IOException or UnauthorizedAccessException or OutOfMemoryException or ObjectDisposedException => false,
        OperationCanceledException or QuarantineHaltedException => false,
        _ => true,
    };

    /// <summary>Tries <paramref name="work"/> so often as the options say, with pauses that double; when each try failed for a reason that concerns this
    /// message alone, <paramref name="apart"/> answers it. Throws every other fault.</summary>
    public async Task<T> TryAsync<T>(string messageId, Func<Task<T>> work, Func<T> apart, CancellationToken cancellationToken)
    {
        var pause = options.ReconnectFirst;
        for (var attempt = 1; ; attempt++, pause *= 2)
        {
            try
            {
                return await work();
            }
            catch (Exception fault) when (ConcernsOne(fault) && !cancellationToken.IsCancellationRequested)
            {
                // Not what the fault says: it may quote the message.
                GatewayLog.ProcessingFailed(log, messageId, attempt, fault.GetType().Name);
                if (attempt >= options.QuarantineAfter) return apart();
            }
            await Task.Delay(pause, clock, cancellationToken);
        }
    }

    /// <summary>Call before a message is receipted QUARANTINED.</summary>
    /// <exception cref="QuarantineHaltedException">Too many were in a row: that is no fault of theirs.</exception>
    public void Count(string messageId, string reason)
    {
        if (Interlocked.Increment(ref _inARow) > options.QuarantineInARow) throw new QuarantineHaltedException();
        GatewayLog.Quarantined(log, messageId, reason);
    }

    /// <summary>A message was processed: what failed before was that message's fault.</summary>
    public void Processed() => Volatile.Write(ref _inARow, 0);
}

/// <summary>So many messages in a row could not be processed that the fault must be the gateway's.</summary>
internal sealed class QuarantineHaltedException() : Exception("Too many messages in a row could not be processed: no more are quarantined until one can be.");
