using MessageBackbone.Node.Delivering;

namespace MessageBackbone.Node.Tests.Delivering;

/// <summary>The pace of a lane against a gateway that is simulated: so long a way, so many at a time, so long for each.</summary>
public sealed class LanePaceTests
{
    private const uint Window = 64;

    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_a_gateway_cannot_work_on_at_once_is_not_sent_to_it()
    {
        var gateway = new Simulation(way: TimeSpan.FromMilliseconds(2), atOnce: 2, each: TimeSpan.FromMilliseconds(4));
        gateway.Settle(400);

        Assert.InRange(gateway.UnderWay, LanePace.Least, 10);
    }

    [Fact]
    public void It_is_as_quick_as_with_the_whole_window()
    {
        TimeSpan Took(bool paced)
        {
            var gateway = new Simulation(way: TimeSpan.FromMilliseconds(2), atOnce: 2, each: TimeSpan.FromMilliseconds(4)) { IsPaced = paced };
            gateway.Settle(5_000);
            return gateway.Now - Start;
        }

        Assert.InRange(Took(paced: true) / Took(paced: false), 0.99, 1.02);
    }

    [Fact]
    public void A_gateway_that_is_far_away_has_its_whole_window()
    {
        var gateway = new Simulation(way: TimeSpan.FromMilliseconds(200), atOnce: 64, each: TimeSpan.FromMilliseconds(1));
        gateway.Settle(2_500);

        Assert.Equal((int)Window, gateway.UnderWay);
    }

    [Fact]
    public void A_way_that_became_longer_is_learned()
    {
        var gateway = new Simulation(way: TimeSpan.FromMilliseconds(2), atOnce: 8, each: TimeSpan.FromMilliseconds(2));
        gateway.Settle(500);
        var near = gateway.UnderWay;
        gateway.Way = TimeSpan.FromMilliseconds(150);
        gateway.Settle(4 * LanePace.LookAgainAfter);

        Assert.InRange(near, LanePace.Least, 20);
        Assert.Equal((int)Window, gateway.UnderWay);
    }

    [Fact]
    public void A_gateway_that_answers_nothing_for_a_while_gets_its_whole_window()
    {
        var gateway = new Simulation(way: TimeSpan.FromMilliseconds(2), atOnce: 2, each: TimeSpan.FromMilliseconds(4));
        gateway.Settle(400);

        Assert.InRange(gateway.Pace.Of(Window, gateway.Now), (uint)LanePace.Least, 10u);
        Assert.Equal(Window, gateway.Pace.Of(Window, gateway.Pace.SilentAt));
        // A clock that is set back must not hold it up either.
        Assert.Equal(Window, gateway.Pace.Of(Window, gateway.Now - TimeSpan.FromHours(1)));
    }

    [Fact]
    public void A_small_window_is_never_exceeded()
    {
        var pace = new LanePace();
        for (var i = 1; i < 100; i++) pace.Settled(Start.AddMilliseconds(i - 1), Start.AddMilliseconds(i), 1);

        Assert.Equal(1u, pace.Of(1, Start.AddMilliseconds(100)));
    }

    /// <summary>Deliveries go out as the pace lets them, always enough wait; each takes its way, a free place, and its time there.</summary>
    private sealed class Simulation(TimeSpan way, int atOnce, TimeSpan each)
    {
        private readonly PriorityQueue<DateTimeOffset, DateTimeOffset> _answers = new();
        private readonly PriorityQueue<int, DateTimeOffset> _places = new(Enumerable.Range(0, atOnce).Select(place => (place, Start)));

        public LanePace Pace { get; } = new();

        public bool IsPaced { get; init; } = true;

        public TimeSpan Way { get; set; } = way;

        public DateTimeOffset Now { get; private set; } = Start;

        public int UnderWay => _answers.Count;

        public void Settle(int count)
        {
            for (var i = 0; i < count; i++)
            {
                while (_answers.Count < (IsPaced ? Pace.Of(Window, Now) : Window)) Present();
                _answers.TryDequeue(out var presented, out var answered);
                Now = answered;
                Pace.Settled(presented, Now, _answers.Count + 1);
            }
            while (_answers.Count < (IsPaced ? Pace.Of(Window, Now) : Window)) Present();
        }

        private void Present()
        {
            _places.TryDequeue(out var place, out var free);
            var begins = Now + (Way / 2) > free ? Now + (Way / 2) : free;
            _places.Enqueue(place, begins + each);
            _answers.Enqueue(Now, begins + each + (Way / 2));
        }
    }
}
