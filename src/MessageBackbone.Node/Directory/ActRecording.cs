using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Recording;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Directory;

/// <summary>Decides an act against the directory and appends it at the revision that was decided on; on a conflict it waits for the newer state and decides again.</summary>
internal sealed class ActRecording(CurrentDirectory directory, EventRecorder recorder, ILogger<ActRecording> logger)
{
    private const int MostRounds = 32;

    public async Task<DirectoryActReply> RecordAsync(DirectoryAct act, Caller caller, CancellationToken cancellationToken)
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var version = directory.Version;
            switch (DirectoryDecider.Decide(version.State, act))
            {
                case Decision.Reject rejected:
                    throw new RefusalException(rejected.Rejection);
                case Decision.Record record:
                    if (await AppendAsync(record, version, act, caller, cancellationToken) is { } position)
                    {
                        return new DirectoryActReply { Position = position.Value };
                    }

                    continue;
                default:
                    return new DirectoryActReply { Position = version.State.Acts[act.ActId].Position, Duplicate = true };
            }
        }

        throw new EventLogUnavailableException("The directory was changed by others every time while one act was decided.");
    }

    private async Task<LogPosition?> AppendAsync(
        Decision.Record record, DirectoryVersion version, DirectoryAct act, Caller caller, CancellationToken cancellationToken)
    {
        var why = new Provenance(caller.Holder.Uri, act.ActId);
        var expected = version.Revision is { } revision ? ExpectedRevision.At(revision) : ExpectedRevision.NoStream;
        NewEvent[] events = [.. record.Events.Select(fact => recorder.Prepare(fact, why))];
        if (await recorder.AppendAsync(StreamId.Directory, expected, events, cancellationToken) is not AppendOutcome.Appended at)
        {
            await version.NextAsync(cancellationToken);
            return null;
        }

        // Not the caller's token: the act is recorded, and whoever asks this node after the reply must see it.
        await directory.WaitForAsync(at.Position, CancellationToken.None);
        DirectoryLog.ActRecorded(logger, act.ActId, at.Position.Value);
        return at.Position;
    }
}
