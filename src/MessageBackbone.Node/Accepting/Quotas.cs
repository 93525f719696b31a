using System.Collections.Concurrent;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// What each bureau may send of each precedence. Only messages that are recorded count. Memory is one account per bureau that sent something and level; they
/// live in the process and are full after a start.
/// </summary>
internal sealed class Quotas(AcceptingOptions options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<(string Bureau, Precedence Precedence), TokenBucket> _accounts = [];

    /// <summary>Spends one of a sender and level that are judged already; given back unless <see cref="Spending.Keep"/> is called.</summary>
    /// <exception cref="RefusalException">The quota is used up.</exception>
    public Spending Spend(string bureau, Precedence precedence)
    {
        var account = _accounts.GetOrAdd((bureau, precedence), Open);
        var wait = account.Take();
        if (wait == TimeSpan.Zero)
        {
            return new Spending(account);
        }

        NodeMetrics.QuotaExceeded(bureau, precedence);
        throw new RefusalException(
            Reasons.QuotaExceeded,
            "Your bureau has used up its quota of this precedence. Send the same bytes again after the time told; the other precedences have quotas of their own.",
            retryAfter: wait,
            metadata: new Dictionary<string, string>(StringComparer.Ordinal) { ["precedence"] = precedence.Word() });
    }

    private TokenBucket Open((string Bureau, Precedence Precedence) of) => new(options.Of(of.Bureau, of.Precedence), clock);

    internal sealed class Spending(TokenBucket account) : IDisposable
    {
        private bool _kept;

        /// <summary>The message is recorded.</summary>
        public void Keep() => _kept = true;

        public void Dispose()
        {
            if (!_kept)
            {
                account.GiveBack();
            }
        }
    }
}
