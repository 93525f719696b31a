using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Node.Routing;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Carrying;

/// <summary>What was put into a file.</summary>
/// <param name="InHand">Each delivery, without its bytes.</param>
/// <param name="Left">Open deliveries that were kept out by the file's bounds.</param>
/// <param name="NotCarried">Messages that no file can hold.</param>
internal sealed record CarriedNow(IReadOnlyList<InHand> InHand, ulong Left, IReadOnlyList<string> NotCarried);

/// <summary>A bureau's open deliveries as parts of a file, the most urgent first and in the order of the log. To be in a file is to be presented.</summary>
internal sealed class CarriedDeliveries(Plan plan, Planner planner, Presenting presenting, AttemptRecording attempts, ContentStore content, TimeProvider clock)
{
    private const string EndedBy = "carried";
    private const int AttemptsAtOnce = 64;
    private const int MostNamed = 100;
    private static readonly Delivery Nothing = new();

    /// <summary>Adds what is open in the log up to <paramref name="end"/>. Each is counted as an attempt in the plan before it is written.</summary>
    public async Task<CarriedNow> AddAsync(CarryContent file, CarryOutRequest bounds, LogPosition end, CancellationToken cancellationToken)
    {
        await planner.WaitForAsync(end, cancellationToken);
        var (now, left, inHand, notCarried) = (clock.GetUtcNow(), 0ul, new List<InHand>(), new List<string>());
        foreach (var lane in LaneKey.Of(bounds.Bureau))
        {
            for (var from = 0ul; plan.Ask.NextOpen(lane, from, now) is { } row; from = row.Sequence + 1)
            {
                if (row.Position > end) continue;
                if ((bounds.Most > 0 && inHand.Count >= bounds.Most) || (bounds.MostBytes > 0 && (ulong)file.Size >= bounds.MostBytes))
                {
                    left++;
                    continue;
                }
                if (await presenting.PrepareAsync(lane, row.Sequence, null, cancellationToken) is not { } ready) continue;
                if (!IsWhole(ready))
                {
                    if (notCarried.Count < MostNamed) notCarried.Add(row.MessageText);
                    continue;
                }
                await file.AddAsync(new CarryRecord { Delivery = ready.Frame }, cancellationToken);
                inHand.Add(new InHand(lane, row.Sequence, null) { Ready = ready with { Frame = Nothing }, PresentedAt = now });
            }
        }
        return new CarriedNow(inHand, left, notCarried);
    }

    /// <summary>Tells in the history of each that it left in a file. Lost in a crash, the plan has counted it all the same.</summary>
    public async Task RecordAsync(CarriedNow carried)
    {
        foreach (var some in carried.InHand.Chunk(AttemptsAtOnce)) await Task.WhenAll(some.Select(delivery => attempts.EndAsync(delivery, EndedBy)));
    }

    // Nothing is fetched where there is no line, so the body is inside whatever its size.
    private bool IsWhole(ReadyDelivery ready)
    {
        var (frame, header) = (ready.Frame, ready.Accepted.Content);
        if (header.Attachments.Count > 0) return false;
        if (!frame.Envelope.Body.IsEmpty || header.BodySize == 0) return true;
        if (content.ReadAll(Fingerprint.Read(header.BodySha256.Span)) is not { } body) return false;
        frame.Envelope.Body = UnsafeByteOperations.UnsafeWrap(body);
        return true;
    }
}
