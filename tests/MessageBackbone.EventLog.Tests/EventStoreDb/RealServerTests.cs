using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.EventLog.Tests.Contract;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>The contract against the server that <see cref="Variable"/> names. Without it the class is not listed (Program.cs).</summary>
public sealed class RealServerTests : EventLogContract<EventStoreDbEventLog>
{
    public const string Variable = "MESSAGEBACKBONE_TEST_EVENTSTORE";

    private readonly SpaceOfAServer _space = new(Environment.GetEnvironmentVariable(Variable)!);

    protected override async ValueTask<IEventLog> OpenAsync() => await _space.OpenAsync();

    protected override ValueTask RemoveAsync()
    {
        _space.Dispose();
        return default;
    }
}
