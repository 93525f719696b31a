using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Gateway.Outbox;

/// <summary>
/// When each precedence may be submitted again. A quota used up stops its own precedence. A node that cannot take a message now stops what is no more urgent
/// than that one: it may have a place for a FLASH. A call without an answer stops everything. Safe for concurrent use.
/// </summary>
internal sealed class Pauses(GatewayOptions options, TimeProvider clock, Random jitter)
{
    /// <summary>Precedences of the contract, by number, with the one that is none.</summary>
    public const int Levels = 5;

    // What a node tells is at most that; a gateway that believed more could be silenced for good by one frame.
    private static readonly TimeSpan LongestHold = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Backoff _lost = new(options.ReconnectFirst, options.ReconnectMax, jitter);
    private readonly Backoff[] _refused = [.. Enumerable.Range(0, Levels).Select(_ => new Backoff(options.ReconnectFirst, options.ReconnectMax, jitter))];

    // Timestamps, not times of day: a clock that is set back must not make a pause longer.
    private readonly long[] _until = new long[Levels];
    private long _heldUntil;

    /// <summary>How long each precedence still pauses, by its number; zero or less: it may go. All of one moment, so that who looks what may go and then reckons
    /// how long to sleep cannot sleep over a pause that ended in between.</summary>
    public TimeSpan[] Rests()
    {
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            return [.. _until.Select(until => TimeSpan.FromSeconds((Math.Max(until, _heldUntil) - now) / (double)clock.TimestampFrequency))];
        }
    }

    /// <summary>The node said beforehand that it would refuse: nothing goes before. The newest word counts; zero: it takes everything again.</summary>
    public void HoldBack(TimeSpan pause)
    {
        lock (_gate)
        {
            _heldUntil = clock.GetTimestamp() + (long)Math.Ceiling(Math.Min(pause.TotalSeconds, LongestHold.TotalSeconds) * clock.TimestampFrequency);
        }
    }

    /// <summary>It goes on doing so now.</summary>
    public bool IsHeldBack
    {
        get { lock (_gate) return clock.GetTimestamp() < _heldUntil; }
    }

    /// <summary>The node answered: the next pause of this precedence is the first one again.</summary>
    public void Answered(int level)
    {
        lock (_gate)
        {
            _lost.Reset();
            _refused[level].Reset();
        }
    }

    /// <summary>A submission of this precedence is to be repeated. The pause that begins; null: it pauses already, those that fail together count once, and
    /// 64 lost calls are one lost connection.</summary>
    /// <param name="refusal">Null: there was no answer.</param>
    public TimeSpan? Begin(int level, NodeRefusal? refusal)
    {
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            if (now < _until[level]) return null;
            var (least, most) = Stopped(level, refusal);
            var pause = (most == Levels - 1 && least == 0 ? _lost : _refused[level]).Next();
            if (refusal?.RetryAfter > pause) pause = refusal.RetryAfter.Value;
            var until = now + (long)Math.Ceiling(pause.TotalSeconds * clock.TimestampFrequency);
            for (var other = least; other <= most; other++) _until[other] = Math.Max(_until[other], until);
            return pause;
        }
    }

    private static (int Least, int Most) Stopped(int level, NodeRefusal? refusal) => refusal?.Reason switch
    {
        Reasons.QuotaExceeded => (level, level),
        Reasons.StoreUnavailable => (0, level),
        _ => (0, Levels - 1),
    };
}
