using MessageBackbone.Faults.Loading;

namespace MessageBackbone.Faults;

public sealed class ActsTests
{
    private static readonly string[] Gateways = ["DE", "ES", "FR"];

    [Fact]
    public void The_same_seed_gives_each_bureau_the_same_acts_and_another_seed_others()
    {
        var first = Told(7, "FR", Gateways);

        Assert.Equal(first, Told(7, "FR", ["FR", "DE", "ES"]));
        Assert.NotEqual(first, Told(8, "FR", Gateways));
        Assert.NotEqual(first, Told(7, "DE", Gateways));
    }

    [Fact]
    public void The_first_ten_seconds_have_every_kind_of_act_and_plain_messages_are_the_larger_share()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var (spent, acts) = (TimeSpan.Zero, new List<Act>());
            foreach (var act in Acts.Of(seed, "FR", Gateways))
            {
                if ((spent += act.Before) > TimeSpan.FromSeconds(10)) break;
                acts.Add(act);
            }

            Assert.Empty(Enum.GetValues<What>().Except([What.Answer, What.Behind]).Except(acts.Select(act => act.What)));
            Assert.InRange(acts.Count(act => act.What == What.Plain), acts.Count * 3 / 4, acts.Count);
            Assert.All(acts, act => Assert.DoesNotContain("FR", act.To));
            Assert.All(acts.Where(act => act.What == What.Late), act => Assert.DoesNotContain(act.Alternate, act.To));
        }
    }

    private static List<string> Told(int seed, string from, string[] gateways) =>
        [.. Acts.Of(seed, from, gateways).Take(500).Select(act => $"{act with { To = [] }} {string.Join(',', act.To)}")];
}
