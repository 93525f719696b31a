using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>One lane of one attendance: puts references into sequence order and keeps the gateway's window. Used by the attendance's loop only.</summary>
/// <remarks>Every delivery is taken in order of its number the first time; what comes back below <see cref="_next"/> is a repeat and goes first.</remarks>
internal sealed class LaneDesk(LaneKey lane, Plan plan, DeliveringOptions options, TimeProvider clock, ILogger logger)
{
    private readonly SortedDictionary<ulong, HeldReference> _waiting = [];
    private readonly Dictionary<ulong, InHand> _inHand = [];
    private readonly HashSet<ulong> _slots = [];
    // FLASH gives way to nothing.
    private readonly LanePace? _pace = lane.Precedence == Precedence.Flash ? null : new LanePace();
    private ulong _next = FirstOf(lane, plan, clock);
    private Missing? _missing;

    public LaneKey Lane => lane;

    /// <summary>The most deliveries without a Recorded.</summary>
    public uint Window { get; set; }

    public IReadOnlyCollection<InHand> InHand => _inHand.Values;

    /// <summary>Being made ready, in the order in which they are to be written.</summary>
    public Queue<Task<InHand>> Preparing { get; } = new();

    /// <summary>A reference came. A second one of the same delivery replaces the first, which may belong to a connection that is gone.</summary>
    public void Arrive(HeldReference held)
    {
        var sequence = held.Reference.Sequence;
        if (_inHand.TryGetValue(sequence, out var taken))
        {
            taken.Held?.Done();
            taken.Held = held;
        }
        else
        {
            if (_waiting.Remove(sequence, out var earlier)) earlier.Done();
            _waiting.Add(sequence, held);
        }
    }

    /// <summary>The next delivery to make ready; null: the window is full, or nothing has come whose turn it is.</summary>
    public async ValueTask<InHand?> TakeAsync(CancellationToken cancellationToken)
    {
        if (Turn() is not { } sequence) return null;
        if (sequence > _next && plan.Ask.NextOpen(lane, _next, clock.GetUtcNow()) is { } open && open.Sequence < sequence)
            return await LowerIsMissingAsync(open.Sequence, sequence, cancellationToken) ? Hold(open.Sequence, null) : null;
        _missing = null;
        _waiting.Remove(sequence, out var held);
        return Hold(sequence, held);
    }

    /// <summary>Its sender recalled it.</summary>
    public void Withdraw(ulong sequence)
    {
        if (_inHand.TryGetValue(sequence, out var delivery)) delivery.IsRecalled = true;
    }

    /// <summary>Its receipt is recorded, or it turned out to be final: the transport may forget it, and one more may be sent.</summary>
    public void Settle(InHand delivery)
    {
        // A large body is fetched meanwhile: how long that takes says nothing of the lane.
        if (delivery is { PresentedAt: { } presented, TakenBack: false, Ready.Accepted.Content.BodySize: var size } && size <= (ulong)options.InlineBytes)
            _pace?.Settled(presented, clock.GetUtcNow(), _slots.Count);
        Return(delivery);
        // Taken again meanwhile, the place in the window is that one's.
        if (!_inHand.ContainsKey(delivery.Sequence)) _slots.Remove(delivery.Sequence);
    }

    /// <summary>It is no longer ours; the transport may forget it. Without a Recorded it goes on counting in the window.</summary>
    public void Return(InHand delivery)
    {
        if (_inHand.GetValueOrDefault(delivery.Sequence) != delivery) return;
        _inHand.Remove(delivery.Sequence);
        delivery.Held?.Done();
    }

    /// <summary>When this lane wants to be looked at again without anything having come; null: never.</summary>
    public DateTimeOffset? Due()
    {
        var oldest = _inHand.Values.Min(delivery => delivery.GivenUpAt(options.InHandAtMost));
        // A lane that may not take is woken by a Recorded or by what it waits for: the clock would only wake it in vain, again and again.
        if (IsPaced() && (oldest is null || _pace!.SilentAt < oldest)) return _pace!.SilentAt;
        return _missing?.LookAt is { } look && Turn() is not null && (oldest is null || look < oldest) ? look : oldest;
    }

    // The window would let one more go.
    private bool IsPaced() => _pace is not null && _waiting.Count > 0 && Preparing.Count < options.ReadyAhead && Turn() is null && _slots.Count < Window;

    // The waiting number whose turn it would be, if there is room for it.
    private ulong? Turn()
    {
        if (_waiting.Count == 0 || Preparing.Count >= options.ReadyAhead) return null;
        var sequence = _waiting.Keys.First();
        return _slots.Contains(sequence) || _slots.Count < (_pace?.Of(Window, clock.GetUtcNow()) ?? Window) ? sequence : null;
    }

    // In this order: a row that is planned between the two questions must not count as presented before.
    private static ulong FirstOf(LaneKey lane, Plan plan, TimeProvider clock)
    {
        var next = plan.Ask.NextSequence(lane);
        return plan.Ask.NextOpen(lane, 0, clock.GetUtcNow()) is { } open ? Math.Min(open.Sequence, next) : next;
    }

    private InHand Hold(ulong sequence, HeldReference? held)
    {
        var delivery = new InHand(lane, sequence, held);
        _inHand.Add(sequence, delivery);
        _slots.Add(sequence);
        _next = Math.Max(_next, sequence + 1);
        return delivery;
    }

    // First the lost ones are published again; what still does not come is taken from the plan, because a full prefetch of later ones would keep it out for good.
    private async ValueTask<bool> LowerIsMissingAsync(ulong lower, ulong upTo, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var missing = _missing ??= new Missing(upTo, now + options.MissingAfter);
        if (missing.FromPlan && lower < missing.UpTo) return true;
        if (missing.LookAt > now) return false;
        missing.LookAt = now + options.MissingAfter;
        missing.FromPlan = missing.PublishedAgain;
        if (!missing.PublishedAgain)
        {
            DeliveringLog.Missing(logger, lane.ToString(), lower);
            await plan.UnmarkRangeAsync(lane, lower, upTo, cancellationToken);
            missing.PublishedAgain = true;
        }
        return missing.FromPlan;
    }

    private sealed class Missing(ulong upTo, DateTimeOffset lookAt)
    {
        public ulong UpTo => upTo;

        public DateTimeOffset LookAt { get; set; } = lookAt;

        public bool PublishedAgain { get; set; }

        public bool FromPlan { get; set; }
    }
}
