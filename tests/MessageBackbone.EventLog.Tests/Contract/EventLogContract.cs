using FsCheck;
using FsCheck.Fluent;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.Contract;

/// <summary>The whole contract of <see cref="IEventLog"/>: derive one class for each adapter, and it is under every test.</summary>
public abstract class EventLogContract<TLog> : ConcurrencyContract
    where TLog : IEventLog
{
    [Fact]
    public void Any_sequence_of_appends_comes_to_what_the_model_says() =>
        Prop.ForAll(Arb.From(AppendModel.Attempts), attempts => AgreesWithModel(attempts)).QuickCheckThrowOnFailure();

    private async Task AgreesWithModel(AppendModel.Attempt[] attempts)
    {
        var model = new AppendModel();
        var streams = Enumerable.Range(0, AppendModel.StreamCount).Select(_ => Sample.Stream()).ToArray();
        var events = Events(AppendModel.IdCount);
        foreach (var attempt in attempts)
        {
            var expected = attempt.Expected switch { null => ExpectedRevision.Any, -1 => ExpectedRevision.NoStream, { } r => At((ulong)r) };

            var outcome = await Append(streams[attempt.Stream], expected, [.. attempt.Ids.Select(id => events[id])]);

            Assert.Equal(model.Append(attempt), AppendModel.Said.From(outcome));
        }

        for (var i = 0; i < streams.Length; i++)
            Assert.Equal(model.Streams[i].Select(id => events[id].EventId), (await Stream(streams[i])).Select(e => e.EventId));
    }
}
