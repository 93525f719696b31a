using System.Globalization;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Operations;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Dashboard.Watching;

/// <summary>Finds what needs somebody in what the board knows, and remembers since when each has been so. Used by one reader at a time.</summary>
internal sealed class Alarms(
    CurrentDirectory directory, NodeIdentity node, RequestQueries requests, Acknowledgements acknowledgements, DashboardOptions options, TimeProvider clock)
{
    private const string PartsPage = "parts";

    private static readonly TimeSpan JustBegun = TimeSpan.FromMinutes(1);

    private readonly DateTimeOffset _began = clock.GetUtcNow();
    private readonly Dictionary<string, DateTimeOffset> _since = new(StringComparer.Ordinal);

    /// <summary>Urgent ones first, then the oldest.</summary>
    public async ValueTask<IReadOnlyList<Alarm>> FindAsync(IReadOnlyList<BoardLine> lines, IReadOnlyList<PartState> parts, CancellationToken cancellationToken)
    {
        var known = (await acknowledgements.CurrentAsync(cancellationToken)).ToDictionary(a => a.Alert, StringComparer.Ordinal);
        var now = clock.GetUtcNow();
        var found = OfBureaus(lines, now).Concat(OfParts(parts)).Concat(OfCertificates(now)).Concat(OfRequests())
            .Select(alarm => Known(alarm with { Since = _since.TryGetValue(alarm.Key, out var since) ? since : now }, known)).ToList();
        // One that is over is forgotten: should it come again, it is a new one, which nobody has acknowledged.
        _since.Clear();
        foreach (var alarm in found) _since[alarm.Key] = alarm.Since;
        return [.. found.OrderByDescending(alarm => alarm.Urgent).ThenBy(alarm => alarm.Since).ThenBy(alarm => alarm.Key, StringComparer.Ordinal)];
    }

    /// <summary>Those of the node's parts as they are now, which need no read model, and of the others what was known last.</summary>
    public IReadOnlyList<Alarm> OfPartsAnd(IReadOnlyList<Alarm> last, IReadOnlyList<PartState> parts)
    {
        var now = clock.GetUtcNow();
        foreach (var alarm in OfParts(parts)) _since.TryAdd(alarm.Key, now);
        return
        [
            .. OfParts(parts).Select(alarm => last.FirstOrDefault(known => known.Key == alarm.Key) ?? alarm with { Since = _since[alarm.Key] }),
            .. last.Where(alarm => alarm.Page != PartsPage),
        ];
    }

    // Said before the alarm came, it was said of an earlier one; but what this node has only just begun to see may be older than its start.
    private Alarm Known(Alarm alarm, Dictionary<string, Acknowledgement> known) =>
        known.TryGetValue(alarm.Key, out var said) && (said.At >= alarm.Since || alarm.Since <= _began + JustBegun)
            ? alarm with { AcknowledgedBy = said.By[(said.By.LastIndexOf(':') + 1)..], AcknowledgedUntil = said.Until }
            : alarm;

    private static Alarm New(AlarmKind kind, string subject, bool urgent, string page, ulong exercises, params string[] arguments) =>
        new($"{kind}:{subject}".ToLowerInvariant(), kind, subject, urgent, default, arguments, page, exercises, "", null);

    private IEnumerable<Alarm> OfBureaus(IReadOnlyList<BoardLine> lines, DateTimeOffset now)
    {
        foreach (var line in lines)
        {
            foreach (var cell in line.Cells)
            {
                var query = $"recipient={line.Bureau}&precedence={Name(cell.Precedence)}";
                if (cell.Counts.Late > 0)
                    yield return New(AlarmKind.Late, $"{line.Bureau}/{Name(cell.Precedence)}", cell.Precedence >= Precedence.Immediate, $"messages?{query}&late=true", cell.Exercises,
                        line.Bureau, Name(cell.Precedence), Text(cell.Counts.Late));
                if (cell.Counts.Quarantined > 0)
                    yield return New(AlarmKind.Quarantined, $"{line.Bureau}/{Name(cell.Precedence)}", false, $"operations/quarantine?bureau={line.Bureau}", cell.Exercises,
                        line.Bureau, Name(cell.Precedence), Text(cell.Counts.Quarantined));
            }

            var oldest = line.Cells.Min(cell => cell.Counts.Waiting > 0 ? cell.Oldest : null);
            if (!line.Attended && !line.Closed && oldest is { } since && now - since >= options.SilentAfter)
                yield return New(AlarmKind.Silent, line.Bureau, line.Standing == Standing.Late, $"messages?recipient={line.Bureau}&state=waiting",
                    line.Exercises, line.Bureau, Text(line.Cells.Aggregate(0UL, (sum, cell) => sum + cell.Counts.Waiting)));
        }
    }

    private static IEnumerable<Alarm> OfParts(IReadOnlyList<PartState> parts) =>
        from part in parts
        where !part.Ok
        let kind = part.Name switch
        {
            "log" => AlarmKind.Log,
            "disk" => AlarmKind.Disk,
            "transport" => AlarmKind.Transport,
            "submissions" => AlarmKind.Draining,
            _ => AlarmKind.Follower,
        }
        // One that is only behind catches up by itself.
        let urgent = kind is AlarmKind.Log or AlarmKind.Disk or AlarmKind.Transport || (kind == AlarmKind.Follower && !part.State.EndsWith(" behind", StringComparison.Ordinal))
        select New(kind, part.Name, urgent, PartsPage, 0, part.Name, part.State);

    private IEnumerable<Alarm> OfCertificates(DateTimeOffset now)
    {
        foreach (var newest in directory.State.Certificates.Values.Where(c => !c.IsRevoked).GroupBy(c => (c.Holder, c.Use)).Select(NewestOf))
        {
            var (holder, use) = (newest.Certificate.Holder, newest.Certificate.Use.ToString().ToLowerInvariant());
            // A bureau that left, and one whose newer certificate is good, needs nobody.
            if (holder.Role == HolderRole.Bureau && !directory.State.TakesPart(holder.Name)) continue;
            if (newest.NotAfter - now is var left && left > options.CertificateNotice) continue;
            var page = holder.Role == HolderRole.Bureau ? $"directory/{holder.Name}" : "directory/certificates";
            yield return New(left <= TimeSpan.Zero ? AlarmKind.CertificateEnded : AlarmKind.CertificateEnds, $"{holder.Uri}/{use}", left <= TimeSpan.Zero, page, 0,
                holder.Name, use, newest.NotAfter.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture));
        }

        if (node.Anchor.CrlDueAt is { } due && due <= now)
            yield return New(AlarmKind.RevocationList, "crl", false, "directory/certificates", 0, due.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture));
    }

    private static (Domain.Directory.EnrolledCertificate Certificate, DateTimeOffset NotAfter) NewestOf(IEnumerable<Domain.Directory.EnrolledCertificate> certificates) =>
        certificates.Select(c => (Certificate: c, CertificateDates.Of(c.Der).NotAfter)).MaxBy(c => c.NotAfter);

    private IEnumerable<Alarm> OfRequests() =>
        from owed in requests.Overdue()
        select New(AlarmKind.Overdue, owed.Bureau, false, $"requests?debtor={owed.Bureau}&overdue=true", owed.Exercises, owed.Bureau, Text(owed.Requests));

    private static string Name(Precedence precedence) => precedence.ToString().ToLowerInvariant();

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
