using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog.EventStoreDb.Wire;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Asks the server whether it takes appends of the size that the log promises, with one that cannot succeed: to a revision of a stream that does
/// not exist. The server's default, 1 MiB, is less.</summary>
internal static class AppendSizeProbe
{
    /// <summary>What the server must take: the log's largest append with its metadata once more in base64, and what is written beside each event.</summary>
    public const int Needed = 14_500_000;

    /// <summary>What to set, with some air.</summary>
    public const string Setting = "--max-append-size 16000000";

    private const int EventBytes = 500_000;

    /// <exception cref="EventLogOpenException">The server takes less.</exception>
    public static async Task RunAsync(LeaderConnection connection, StreamNames names, TimeSpan deadline, ILogger logger)
    {
        var correlation = Guid.NewGuid();
        try
        {
            switch (AppendAnswer.Read(await connection.Appending.AppendAsync(Messages(correlation, names, deadline), correlation)))
            {
                case AppendAnswer.Refused refused:
                    throw new EventLogOpenException(
                        ConnectionString.Show(connection.Host), $"The event log's server must be set to larger appends ({Setting}): {refused.Why}");
                case AppendAnswer.Unknown:
                    EventLogLog.SizeUnknown(logger);
                    break;
            }
        }
        catch (AppendInDoubtException e)
        {
            throw new EventLogUnavailableException($"The event log failed: {ServerFaults.Words(e.InnerException!)}", e);
        }
    }

    private static IEnumerable<BatchAppendReq> Messages(Guid correlation, StreamNames names, TimeSpan deadline)
    {
        var options = new BatchAppendReq.Types.Options
        {
            StreamIdentifier = WireIds.Stream(names.Probe),
            StreamPosition = 1_000_000,
            Deadline = Duration.FromTimeSpan(deadline),
        };
        var bytes = ByteString.CopyFrom(new byte[EventBytes]);
        for (var sent = 0; sent < Needed; sent += EventBytes)
            yield return new()
            {
                CorrelationId = correlation.ToWire(),
                Options = sent == 0 ? options : null,
                ProposedMessages = { NewEvent(bytes) },
                IsFinal = sent + EventBytes >= Needed,
            };
    }

    private static BatchAppendReq.Types.ProposedMessage NewEvent(ByteString data) => new()
    {
        Id = Guid.NewGuid().ToWire(),
        Metadata = { { StoredEvent.TypeKey, "log.probe.v1" }, { StoredEvent.ContentTypeKey, StoredEvent.OctetStream } },
        Data = data,
    };
}
