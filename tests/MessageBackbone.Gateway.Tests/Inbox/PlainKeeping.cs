using MessageBackbone.Gateway.Inbox;

namespace MessageBackbone.Gateway.Tests;

internal static class PlainKeeping
{
    /// <summary>Stores an arrival that is no order, and that nobody recalled before it came.</summary>
    public static Task<Kept> KeepAsync(
        this InboxStore inbox, Arrival arrival, byte[] receipt, Func<(Arrival Arrival, byte[] Receipt)> conflict, CancellationToken cancellationToken) =>
        inbox.KeepAsync(
            arrival, receipt, new Instead(conflict, () => throw new InvalidOperationException("Nobody recalled it.")), null, cancellationToken);
}
