using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Recording;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Auditing;

/// <summary>Writes down who read what and why, before anything is read: no record, no data.</summary>
internal sealed class AccessRecord(EventRecorder recorder, TimeProvider clock)
{
    /// <exception cref="EventLogUnavailableException">It could not be recorded, so nothing may be sent.</exception>
    public async Task WriteAsync(Caller reader, string method, string purpose, string justification, string subject, CancellationToken cancellationToken)
    {
        var read = new HistoryRead
        {
            Reader = reader.Holder.Uri,
            Method = method,
            Purpose = purpose,
            Justification = justification,
            Subject = subject,
            At = clock.GetUtcNow().ToTimestamp(),
        };
        var why = new Provenance(reader.Holder.Uri, subject);
        if (await recorder.AppendAsync(StreamId.Access, ExpectedRevision.Any, [recorder.Prepare(read, why)], cancellationToken) is not AppendOutcome.Appended)
            throw new EventLogUnavailableException("The reading could not be recorded: its event id is in the log already.");
    }
}
