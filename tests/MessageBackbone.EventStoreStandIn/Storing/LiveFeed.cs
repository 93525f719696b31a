using System.Text.RegularExpressions;
using System.Threading.Channels;
using Record = MessageBackbone.EventLog.EventStoreDb.Wire.ReadResp.Types.ReadEvent.Types.RecordedEvent;

namespace MessageBackbone.EventStoreStandIn.Storing;

/// <summary>What is new for one subscription. Of a reader that is slower than the log it keeps 32 events, and then no more.</summary>
internal sealed class LiveFeed(Regex? streams)
{
    private const int Kept = 32;

    private readonly Channel<Record> _waiting = Channel.CreateBounded<Record>(new BoundedChannelOptions(Kept) { SingleReader = true });

    /// <summary>What waits, in order; ends when the reader was too slow.</summary>
    public ChannelReader<Record> Waiting => _waiting.Reader;

    public void Offer(Record record)
    {
        if (streams?.IsMatch(record.StreamIdentifier.StreamName.ToStringUtf8()) == false) return;
        if (!_waiting.Writer.TryWrite(record)) _waiting.Writer.TryComplete();
    }
}
