using MessageBackbone.Fixtures;
using MessageBackbone.Node.Routing.Lanes;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>One broker for every test that leaves it alive.</summary>
[CollectionDefinition(Name)]
public sealed class SharedBroker : ICollectionFixture<RabbitMqFixture>
{
    public const string Name = "the shared broker";
}

[Collection(SharedBroker.Name)]
public sealed class RabbitMqLanesTests(RabbitMqFixture broker) : LanesContract
{
    private readonly CapturedLogs _logs = new();

    protected override bool Redelivers => true;

    private protected override async Task PrepareAsync()
    {
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        await witness.ForgetAsync(Lane.Bureau);
    }

    private protected override async Task<ILaneTransport> StartAsync(RoutingScenario scenario)
    {
        scenario.Options.RabbitMq = broker.Address;
        var lanes = new RabbitMqLanes(scenario.Plan, scenario.Options, TimeProvider.System, _logs);
        await lanes.StartAsync(Cancel);
        return lanes;
    }

    private protected override void Ended() => _logs.AssertNoErrors();
}
