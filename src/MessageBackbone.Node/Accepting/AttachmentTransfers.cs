using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Node.Accepting;

/// <summary>How many attachments of one bureau travel at a time, so that they leave room on the line for what is urgent. Safe for concurrent use.</summary>
internal sealed class AttachmentTransfers(NodeLimits limits)
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _running = new(StringComparer.Ordinal);

    /// <summary>One more until the answer is disposed.</summary>
    /// <exception cref="RefusalException">The bureau has as many as it may.</exception>
    public IDisposable Begin(string bureau)
    {
        lock (_lock)
        {
            var running = _running.GetValueOrDefault(bureau);
            if (running >= limits.TransfersOfOneBureau)
            {
                throw new RefusalException(
                    Reasons.QuotaExceeded, "Your bureau transfers as many attachments as it may at a time. Go on after the time told.", retryAfter: Again);
            }

            _running[bureau] = running + 1;
            return new Transfer(this, bureau);
        }
    }

    private void End(string bureau)
    {
        lock (_lock)
        {
            if (--_running[bureau] == 0) _running.Remove(bureau);
        }
    }

    private sealed class Transfer(AttachmentTransfers transfers, string bureau) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0) transfers.End(bureau);
        }
    }
}
