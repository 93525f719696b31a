using MessageBackbone.EventLog.Tests.Contract;

namespace MessageBackbone.EventLog.Tests;

public sealed class EveryAdapterIsUnderContractTests
{
    [Fact]
    public void Every_adapter_in_the_assembly_has_a_class_under_the_whole_contract()
    {
        var adapters = typeof(IEventLog).Assembly.GetTypes().Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IEventLog))).ToList();

        Assert.NotEmpty(adapters);
        foreach (var adapter in adapters)
        {
            var contract = typeof(EventLogContract<>).MakeGenericType(adapter);
            Assert.Contains(GetType().Assembly.GetTypes(), t => !t.IsAbstract && t.IsSubclassOf(contract));
        }
    }
}
