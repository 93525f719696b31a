using System.Reflection;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Node.Tests;

public sealed class EveryRefusalTests
{
    /// <summary>What nothing can answer yet: quotas and several nodes are later parts.</summary>
    private static readonly string[] Later = [Reasons.QuotaExceeded, Reasons.NotLeader];

    [Fact]
    public void Every_refusal_has_a_test_that_provokes_it_over_the_wire()
    {
        var tested = typeof(EveryRefusalTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public))
            .Where(method => method.GetCustomAttributes<FactAttribute>().Any())
            .SelectMany(method => method.GetCustomAttributes<RefusesAttribute>()).Select(refuses => refuses.Reason).ToHashSet();

        Assert.Empty(Reasons.Refusals.Except(Later).Except(tested));
        Assert.Empty(tested.Except(Reasons.Refusals));
    }

    [Fact]
    public void Every_refusal_has_a_status()
    {
        Assert.All(Reasons.Refusals, reason => Assert.NotEqual(Grpc.Core.StatusCode.OK, Refusals.StatusOf(reason)));
    }
}
