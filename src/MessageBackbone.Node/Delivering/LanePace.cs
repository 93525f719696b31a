namespace MessageBackbone.Node.Delivering;

/// <summary>How many deliveries of a lane are worth having under way at a time, learned from how long their receipts take.</summary>
/// <remarks>
/// More than the gateway works on at a time only queue up, in it and in the node, and what is more urgent then shares processors and disks with all of
/// them (seen: a full window of ROUTINE made a FLASH take five times as long, at no higher rate). So the number is kept where few stand in a queue, after
/// TCP Vegas: of n under way, n × (1 − shortest time / time now) wait. It is no promise: a gateway that answers nothing for a while gets its whole window,
/// since it may be waiting for just that.
/// </remarks>
internal sealed class LanePace
{
    /// <summary>Never fewer.</summary>
    public const int Least = 4;

    /// <summary>Without a receipt for so long, the window alone counts.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromMilliseconds(250);

    /// <summary>So often the shortest time is learned anew, with few under way: the way to the gateway may have become longer.</summary>
    public const int LookAgainAfter = 1_000;

    private const double FewWait = 2, ManyWait = 4;

    private int _limit = int.MaxValue;
    private TimeSpan _shortest = TimeSpan.MaxValue;
    private DateTimeOffset _since = DateTimeOffset.MinValue;
    private DateTimeOffset _last = DateTimeOffset.MinValue;
    private int _settled;

    /// <summary>When the window alone will count, if nothing is settled before.</summary>
    public DateTimeOffset SilentAt => _last + SilentAfter;

    /// <summary>How many may be under way.</summary>
    public uint Of(uint window, DateTimeOffset now) => (now - _last).Duration() >= SilentAfter ? window : Math.Min(window, (uint)_limit);

    /// <summary>A delivery's receipt was recorded.</summary>
    /// <param name="underWay">Deliveries of the lane without one, this one among them.</param>
    public void Settled(DateTimeOffset presentedAt, DateTimeOffset now, int underWay)
    {
        _last = now;
        var took = now - presentedAt;
        // Presented before the look, it waited behind those that the look lets go; and a clock that was set back tells nothing.
        if (presentedAt < _since || took <= TimeSpan.Zero) return;
        if (took < _shortest) _shortest = took;
        var waiting = underWay * (1 - (_shortest / took));
        if (waiting > ManyWait) _limit = Math.Max(Least, Math.Min(_limit, underWay) - 1);
        else if (waiting < FewWait && underWay >= _limit && _limit < int.MaxValue) _limit++;
        if (++_settled == LookAgainAfter) LookAgain(now);
    }

    private void LookAgain(DateTimeOffset now)
    {
        _settled = 0;
        _shortest = TimeSpan.MaxValue;
        _since = now;
        _limit = Math.Min(_limit, Least);
    }
}
