using System.Reflection;
using System.Text.RegularExpressions;
using Grpc.Core;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Node.Tests;

public sealed class EveryRefusalTests
{
    /// <summary>What nothing can answer yet: several nodes are a later part.</summary>
    private static readonly string[] Later = [Reasons.NotLeader];

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

    public static TheoryData<string, StatusCode> Contract => [.. RefusalTable.Rows.Select(row => (row.Key, row.Value))];

    [Theory]
    [MemberData(nameof(Contract))]
    public void The_status_is_the_contracts(string reason, StatusCode status)
    {
        var sent = new RefusalException(reason, "Do something else.").ToStatus();

        Assert.Equal((status, status), (Refusals.StatusOf(reason), sent.StatusCode));
    }

    [Fact]
    public void The_contract_names_every_reason_and_each_constant_is_the_one_it_is_called()
    {
        Assert.Equal(RefusalTable.Rows.Keys.Order(StringComparer.Ordinal), Reasons.Refusals.Order(StringComparer.Ordinal));
        var constants = typeof(Reasons).GetFields(BindingFlags.Static | BindingFlags.Public).Where(field => field.IsLiteral).ToList();
        Assert.NotEmpty(constants);
        Assert.All(constants, constant => Assert.Equal(
            Regex.Replace(constant.Name, "(?<=[a-z])(?=[A-Z])", "_").ToUpperInvariant(), constant.GetRawConstantValue()));
    }
}
