using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Node.Auditing;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Dashboard.Reading;

/// <summary>What a signature in an event is worth now.</summary>
internal enum SignatureState
{
    /// <summary>The event holds none: the node's own word.</summary>
    None,

    /// <summary>It verifies; its certificate was good when it signed, and nothing that is known since speaks against it.</summary>
    Verified,

    /// <summary>It verifies, and its key was revoked as of before it signed.</summary>
    Doubted,

    /// <summary>It does not verify, or its certificate is none of the authority's.</summary>
    Broken,
}

/// <summary>Who signed what an event holds.</summary>
/// <param name="Problem">In English; empty: none.</param>
internal sealed record StepSignature(SignatureState State, string Signer, string Problem)
{
    public static StepSignature None { get; } = new(SignatureState.None, "", "");
}

/// <summary>One event of a message's life.</summary>
/// <param name="Type">The stored name; its words are <c>event.TYPE</c> without the version.</param>
/// <param name="Bureau">Whom it is about; empty: the message as a whole.</param>
/// <param name="Detail">What the event says beyond that, as coded values.</param>
/// <param name="TraceId">W3C trace id; empty: it was not traced.</param>
internal sealed record TimelineStep(
    ulong Position, DateTimeOffset RecordedAt, string Type, string Stream, string Bureau, string Actor, IReadOnlyList<(string Name, string Value)> Detail,
    StepSignature Signature, string TraceId, string EventId, string Raw)
{
    /// <summary>Without the version: what the words are named after.</summary>
    public string Word => Type[..Type.LastIndexOf('.')];
}

/// <summary>Reads a message's life from the log, event by event, and judges each signature again.</summary>
internal sealed class Timeline(Auditing.History history, CurrentDirectory directory, NodeIdentity node)
{
    private static readonly string[] Told =
        ["attempt", "sequence", "outcome", "reason", "step", "to", "alternate", "because", "ended_by", "officer", "operator", "order_id", "late", "turn", "by", "due_at", "deliver_by"];

    /// <summary>In the order of the log; none: there is no such message.</summary>
    public async Task<IReadOnlyList<TimelineStep>> ReadAsync(string messageId, CancellationToken cancellationToken)
    {
        var steps = new List<TimelineStep>();
        await foreach (var recorded in history.ReadAsync(new EventQuery([], MessageId: messageId), "", default, follow: false, cancellationToken))
            steps.Add(Step(recorded));
        return steps;
    }

    private TimelineStep Step(V1.RecordedEvent recorded)
    {
        var @event = EventTypes.IsKnown(recorded.Type) ? EventTypes.Parse(recorded.Type, recorded.Data.Memory) : null;
        return new TimelineStep(
            recorded.Position, recorded.RecordedAt.ToDateTimeOffset(), recorded.Type, recorded.Stream, Text(@event, "recipient"), recorded.Metadata?.Actor ?? "",
            [.. Details(@event)], Judge(@event), TraceOf(recorded.Metadata?.Traceparent ?? ""),
            recorded.Metadata is { EventId.Length: 16 } m ? new Guid(m.EventId.Span, bigEndian: true).ToString("D") : "", EventText.Of(recorded.Type, recorded.Data.Memory));
    }

    private static IEnumerable<(string Name, string Value)> Details(IMessage? @event) =>
        from name in Told
        let value = Text(@event, name)
        where value.Length > 0
        select (name, value);

    private static string Text(IMessage? @event, string field) => @event?.Descriptor.FindFieldByName(field) is { IsRepeated: false } known
        ? known.Accessor.GetValue(@event) switch
        {
            null or false or 0u or 0UL => "",
            Google.Protobuf.WellKnownTypes.Timestamp at => at.ToDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
            System.Enum value => Coded(value),
            var value => value.ToString() ?? "",
        }
        : "";

    private static string Coded(System.Enum value) => Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture) == 0 ? "" : value.ToString();

    private StepSignature Judge(IMessage? @event) => @event switch
    {
        Accepted e => Judge(e.Header, CertificateUse.Sign),
        Delivered e => Judge(e.Receipt, CertificateUse.Sign),
        Opened e => Judge(e.Receipt, CertificateUse.Sign),
        Refused e => Judge(e.Receipt, CertificateUse.Sign),
        V1.Quarantined e => Judge(e.Receipt, CertificateUse.Sign),
        RecallOrdered e => Judge(e.Order, CertificateUse.Sign),
        _ => StepSignature.None,
    };

    private StepSignature Judge(ByteString signed, CertificateUse use)
    {
        if (!SignedObject.TryRead(signed.Memory, out var read, out var problem)) return new(SignatureState.Broken, "", problem);
        var signer = read.Signer?.Uri ?? "";
        var verdict = node.Anchor.Judge(read.CertificateDer, use, read.SigningTime);
        if (!verdict.Ok && !IsRevokedOnly(read, use)) return new(SignatureState.Broken, signer, verdict.Problem);
        if (!read.VerifySignature()) return new(SignatureState.Broken, signer, "The signature does not fit the bytes.");
        if (directory.State.FindCertificate(Fingerprint.Read(read.CertificateSha256)) is not { } enrolled)
            return new(SignatureState.Broken, signer, "The directory never knew this certificate.");
        return enrolled.Revocation is { } revocation && revocation.InvalidSince <= read.SigningTime
            ? new(SignatureState.Doubted, signer, $"Its key was revoked as of {revocation.InvalidSince.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z ({revocation.Reason}).")
            : new(SignatureState.Verified, signer, "");
    }

    // The authority's list names no time of doubt; the directory's revocation does, and is what counts.
    private bool IsRevokedOnly(SignedObject read, CertificateUse use) =>
        directory.State.FindCertificate(Fingerprint.Read(read.CertificateSha256)) is { IsRevoked: true } enrolled && enrolled.Use == use;

    private static string TraceOf(string traceparent) => traceparent.Split('-') is [_, { Length: 32 } trace, ..] ? trace : "";
}
