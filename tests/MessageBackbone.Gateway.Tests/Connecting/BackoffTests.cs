using MessageBackbone.Gateway.Connecting;

namespace MessageBackbone.Gateway.Tests.Connecting;

public sealed class BackoffTests
{
    private static readonly TimeSpan _first = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _max = TimeSpan.FromSeconds(30);

    [Fact]
    public void Each_pause_lies_between_half_its_ceiling_and_its_ceiling_and_the_ceiling_doubles_up_to_the_longest()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var backoff = new Backoff(_first, _max, new Random(seed));
            for (var i = 0; i < 40; i++)
            {
                var ceiling = Math.Min(_first.TotalMilliseconds * Math.Pow(2, i), _max.TotalMilliseconds);
                Assert.InRange(backoff.Next().TotalMilliseconds, ceiling / 2 - 1, ceiling + 1);
            }
        }
    }

    [Fact]
    public void After_a_success_the_first_pause_comes_again()
    {
        var backoff = new Backoff(_first, _max, new Random(1));
        for (var i = 0; i < 5; i++) backoff.Next();

        backoff.Reset();

        Assert.InRange(backoff.Next(), _first / 2, _first);
    }

    [Fact]
    public void Two_gateways_with_other_seeds_do_not_come_back_together()
    {
        var pauses = Enumerable.Range(0, 50).Select(seed => new Backoff(_first, _max, new Random(seed)).Next()).Distinct();

        Assert.True(pauses.Count() > 40);
    }
}
