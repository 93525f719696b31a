using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Carrying;

/// <summary>What a file had no place for.</summary>
/// <param name="Left">Open deliveries that were kept out by the file's bounds.</param>
/// <param name="NotCarried">Messages that no file can hold.</param>
/// <param name="More">So many more of them, which are not named.</param>
internal sealed record NotInFile(ulong Left, IReadOnlyList<string> NotCarried, ulong More);

/// <summary>A bureau's open deliveries as parts of a file, the most urgent first and in the order of the log. To be in a file is to be presented.</summary>
/// <remarks>One delivery at a time is in memory, however many there are.</remarks>
internal sealed class CarriedDeliveries(
    Plan plan, Planner planner, IEventLog log, Presenting presenting, AttemptRecording attempts, ContentStore content, NodeIdentity node)
{
    private const string EndedBy = "carried";
    private const int MostNamed = 100;

    /// <summary>Adds what is open in the log up to <paramref name="end"/>, and notes it in <paramref name="presented"/>. Each is counted as an attempt in the plan
    /// before it is written.</summary>
    public async Task<NotInFile> AddAsync(
        CarryContent file, CarriedAttempts presented, CarryOutRequest bounds, LogPosition end, CancellationToken cancellationToken)
    {
        await planner.WaitForAsync(end, cancellationToken);
        var (left, notCarried, more) = (0ul, new List<string>(), 0ul);
        foreach (var lane in LaneKey.Of(bounds.Bureau))
        {
            var from = 0ul;
            while (!IsFull(file, presented, bounds) && plan.Ask.NextOpen(lane, from, presented.At) is { } row)
            {
                from = row.Sequence + 1;
                if (row.Position > end) continue;
                if (await AddAsync(file, presented, row, cancellationToken)) continue;
                if (notCarried.Count < MostNamed) notCarried.Add(row.MessageText);
                else more++;
            }
            if (IsFull(file, presented, bounds)) left += plan.Ask.CountOpen(lane, from, presented.At, end);
        }
        return new NotInFile(left, notCarried, more);
    }

    /// <summary>Tells in the history of each that it left in a file. Lost in a crash, the plan has counted it all the same.</summary>
    public async Task RecordAsync(string bureau, CarriedAttempts presented)
    {
        await foreach (var page in presented.PagesAsync())
            await Task.WhenAll(page.Select(one =>
                attempts.EndAsync(one.MessageId, bureau, new Attempt(one.Number, one.Sequence, presented.At, node.Name), EndedBy)));
    }

    private static bool IsFull(CarryContent file, CarriedAttempts presented, CarryOutRequest bounds) =>
        file.IsFull || (bounds.Most > 0 && presented.Count >= bounds.Most) || (bounds.MostBytes > 0 && (ulong)file.Size >= bounds.MostBytes);

    // False: no file can hold it. Looked at before it is presented: what stays here was shown to nobody, and tells of no number that was passed over.
    private async Task<bool> AddAsync(CarryContent file, CarriedAttempts presented, PlanRow row, CancellationToken cancellationToken)
    {
        if (!await FitsAsync(row, cancellationToken)) return false;
        if (await presenting.PrepareAsync(row.Lane, row.Sequence, null, cancellationToken) is not { } ready) return true;
        if (!IsWhole(ready)) return false;
        await file.AddAsync(new CarryRecord { Delivery = ready.Frame }, cancellationToken);
        await presented.AddAsync(ready.Presentation, cancellationToken);
        return true;
    }

    private async Task<bool> FitsAsync(PlanRow row, CancellationToken cancellationToken)
    {
        var stored = await log.ReadAtAsync(row.Position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {row.Position}, which the plan names.");
        var header = Accepted.Parser.ParseFrom(stored.Data.Span).Content;
        return header.Attachments.Count == 0 && (header.BodySize == 0 || content.Size(Fingerprint.Read(header.BodySha256.Span)) is not null);
    }

    // Nothing is fetched where there is no line, so the body is inside whatever its size.
    private bool IsWhole(ReadyDelivery ready)
    {
        var (frame, header) = (ready.Frame, ready.Accepted.Content);
        if (!frame.Envelope.Body.IsEmpty || header.BodySize == 0) return true;
        if (content.ReadAll(Fingerprint.Read(header.BodySha256.Span)) is not { } body) return false;
        frame.Envelope.Body = UnsafeByteOperations.UnsafeWrap(body);
        return true;
    }
}
