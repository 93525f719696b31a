using MessageBackbone.Node.Accepting;

namespace MessageBackbone.Node.Tests.Accepting;

public sealed class TokenBucketTests
{
    [Fact]
    public void The_wait_that_is_told_is_true_and_not_a_tick_too_long()
    {
        var random = new Random(4);
        for (var round = 0; round < 2_000; round++)
        {
            var clock = new HandClock();
            var quota = new Quota { PerSecond = Math.Pow(10, (random.NextDouble() * 9) - 3), Burst = random.Next(1, 40) };
            var bucket = new TokenBucket(quota, clock);
            for (var taken = 0; taken < quota.Burst; taken++) Assert.Equal(TimeSpan.Zero, bucket.Take());
            var wait = bucket.Take();

            Assert.InRange(wait.TotalSeconds, 0, (1 / quota.PerSecond) + 0.000_001);
            clock.Pass(wait - TimeSpan.FromTicks(1));
            Assert.NotEqual(TimeSpan.Zero, bucket.Take());
            clock.Pass(TimeSpan.FromTicks(1));
            Assert.Equal(TimeSpan.Zero, bucket.Take());
            Assert.NotEqual(TimeSpan.Zero, bucket.Take());
        }
    }

    [Fact]
    public void No_more_than_burst_and_rate_ever_pass_however_the_calls_fall()
    {
        var random = new Random(5);
        var clock = new HandClock();
        var quota = new Quota { PerSecond = 7, Burst = 20 };
        var bucket = new TokenBucket(quota, clock);
        var (taken, seconds) = (0, 0d);
        for (var call = 0; call < 20_000; call++)
        {
            var pause = TimeSpan.FromMilliseconds(random.Next(0, 200));
            clock.Pass(pause);
            seconds += pause.TotalSeconds;
            if (bucket.Take() == TimeSpan.Zero) taken++;

            Assert.True(taken <= quota.Burst + (quota.PerSecond * seconds));
        }

        Assert.True(taken >= quota.PerSecond * seconds);
    }

    [Fact]
    public void What_is_given_back_can_be_taken_and_a_rest_saves_up_the_burst_only()
    {
        var clock = new HandClock();
        var bucket = new TokenBucket(new Quota { PerSecond = 1, Burst = 2 }, clock);
        clock.Pass(TimeSpan.FromDays(400));
        bucket.Take();
        bucket.GiveBack();

        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => bucket.Take() == TimeSpan.Zero));
        bucket.GiveBack();
        Assert.Equal([true, false], Enumerable.Range(0, 2).Select(_ => bucket.Take() == TimeSpan.Zero));
    }
}
