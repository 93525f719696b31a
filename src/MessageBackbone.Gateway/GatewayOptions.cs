using System.ComponentModel.DataAnnotations;
using MessageBackbone.Gateway.Telemetry;

namespace MessageBackbone.Gateway;

/// <summary>Everything that a gateway can be told. Bound from the section "Gateway" of a JSON configuration; checked as a whole at start.</summary>
public sealed class GatewayOptions : IValidatableObject
{
    public const string Section = "Gateway";

    /// <summary>The bureau's code, like "FR-SDLC"; must be the name in its certificates.</summary>
    [Required, RegularExpression(@"\A[A-Z]{2,8}(-[A-Z0-9]{1,12})?\z")] public string Bureau { get; set; } = "";

    /// <summary>Where outbox, inbox, directory copy and the local API's own certificate lie. Made with mode 0700. One gateway a folder.</summary>
    [Required] public string DataFolder { get; set; } = "";

    /// <summary>Holds ca.pem (the pinned CA), crl.pem (may be absent) and a folder for each holder.</summary>
    [Required] public string PkiFolder { get; set; } = "";

    /// <summary>The bureau's own keys, also seal keys from before a rotation (seal.1.pem …). Default: the folder in <see cref="PkiFolder"/> that has its name.</summary>
    public string? HolderFolder { get; set; }

    /// <summary>The node's gRPC address. Default https://127.0.0.1:7443.</summary>
    public Uri Node { get; set; } = new("https://127.0.0.1:7443");

    /// <summary>There is no way to the node but by carry files: it is never called. Default false.</summary>
    public bool WithoutLine { get; set; }

    /// <summary>Where the local API listens. A loopback address; port 0 takes a free one. Default https://127.0.0.1:7450.</summary>
    public Uri Listen { get; set; } = new("https://127.0.0.1:7450");

    /// <summary>The local API's bearer token, mode 0600, made at the first start. Default: local-api.token in <see cref="DataFolder"/>.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Messages that may wait in the outbox; more are refused with OUTBOX_FULL. Default 10,000.</summary>
    [Range(1, 1_000_000)] public int OutboxMessages { get; set; } = 10_000;

    /// <summary>Bytes that may wait in the outbox. Default 1 GiB.</summary>
    [Range(1_000_000, long.MaxValue)] public long OutboxBytes { get; set; } = 1L << 30;

    /// <summary>FLASH messages that are taken beyond both bounds, so that an outbox full of ROUTINE refuses no FLASH. Default 500.</summary>
    [Range(0, 100_000)] public int OutboxFlashReserve { get; set; } = 500;

    /// <summary>Submissions without an answer; the last quarter is kept for what is more urgent than ROUTINE. Default 64.</summary>
    [Range(4, 1024)] public int SubmitInFlight { get; set; } = 64;

    /// <summary>How long one submission may take before the same bytes are sent again. Default 30 s.</summary>
    public TimeSpan SubmitTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often one message may be signed or sealed again before its refusal is final. Default 5.</summary>
    [Range(0, 100)] public int SignAgain { get; set; } = 5;

    /// <summary>Deliveries without a Recorded that the node may have under way. Defaults as in the contract.</summary>
    [Range(1, 10_000)] public int WindowRoutine { get; set; } = 64;

    [Range(1, 10_000)] public int WindowPriority { get; set; } = 16;

    [Range(1, 10_000)] public int WindowImmediate { get; set; } = 16;

    [Range(1, 10_000)] public int WindowFlash { get; set; } = 16;

    /// <summary>Deliveries of one precedence that are verified, and their bodies fetched, at the same time. Default 4.</summary>
    [Range(1, 256)] public int VerifyInParallel { get; set; } = 4;

    /// <summary>How often the processing of one delivery is tried before it is receipted QUARANTINED. Default 3.</summary>
    [Range(1, 100)] public int QuarantineAfter { get; set; } = 3;

    /// <summary>Messages in a row that may be quarantined; with more the fault counts as the gateway's, and nothing is receipted until one message can be
    /// processed. Default 16.</summary>
    [Range(1, 10_000)] public int QuarantineInARow { get; set; } = 16;

    /// <summary>How often the files of the own keys, the CA and the revocation list are looked at. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")] public TimeSpan KeysReadEvery { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The first pause after a lost connection; each further one doubles, with jitter. Default 200 ms.</summary>
    public TimeSpan ReconnectFirst { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause between two attempts. Default 30 s.</summary>
    public TimeSpan ReconnectMax { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the node may take to say Welcome before the connection is made again. Default 30 s.</summary>
    public TimeSpan WelcomeWithin { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The pause after another gateway took this bureau's attendance, so that two of them do not fight. Default 5 min.</summary>
    public TimeSpan SupersededPause { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Content before sealing, in bytes. Default 1 MiB, as in the contract.</summary>
    [Range(1, 16 << 20)] public int MaxContent { get; set; } = 1 << 20;

    /// <summary>Bytes of one attachment. Default 10 GiB, as in the contract.</summary>
    [Range(1, 1L << 50)] public long MaxAttachment { get; set; } = 10L << 30;

    /// <summary>Bytes of attachments that may wait for the node; more are refused with OUTBOX_FULL. Default 50 GiB.</summary>
    [Range(0, 1L << 50)] public long OutboxAttachmentBytes { get; set; } = 50L << 30;

    /// <summary>Free bytes that attachments and carry files leave on the disk, for the inbox that lies there too. Default 1 GiB.</summary>
    [Range(0, 1L << 60)] public long FreeDiskKept { get; set; } = 1L << 30;

    /// <summary>What is sent as handling where the caller names none: "official_use_only", "restricted" or "confidential". Default official_use_only.</summary>
    public string DefaultClassification { get; set; } = "official_use_only";

    /// <summary>The purpose where the caller names none. Default investigation.</summary>
    public string DefaultPurpose { get; set; } = "investigation";

    /// <summary>The legal basis on which the bureau keeps what an officer opened before its sender recalled it, like "StPO 101/8"; it goes to the sender.
    /// Empty, the default: what is recalled is deleted, opened or not.</summary>
    [RegularExpression(@"\A[A-Za-z0-9._/ -]{0,64}\z")] public string RetainOpenedOn { get; set; } = "";

    /// <summary>Requests of local callers that are worked on at the same time; more get 503. Default 256.</summary>
    [Range(1, 10_000)] public int LocalRequests { get; set; } = 256;

    /// <summary>Where traces and metrics go.</summary>
    [Required] public GatewayTelemetryOptions Telemetry { get; set; } = new();

    /// <summary>Seed of the jitter; absent: by chance.</summary>
    public int? JitterSeed { get; set; }

    internal string OwnFolder => HolderFolder ?? Path.Combine(PkiFolder, Bureau);

    internal string OwnTokenFile => TokenFile ?? Path.Combine(DataFolder, "local-api.token");

    /// <summary>Throws <see cref="ValidationException"/> that names every setting at fault.</summary>
    public void Validate()
    {
        var problems = new List<ValidationResult>();
        Validator.TryValidateObject(this, new ValidationContext(this), problems, validateAllProperties: true);
        Validator.TryValidateObject(Telemetry, new ValidationContext(Telemetry), problems, validateAllProperties: true);
        if (problems.Count == 0) return;
        throw new ValidationException($"{Section}: " + string.Join(" ", problems.Select(p => p.ErrorMessage)));
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Node.Scheme != Uri.UriSchemeHttps) yield return new("Node must be an https address.", [nameof(Node)]);
        if (Listen.Scheme != Uri.UriSchemeHttps || !Listen.IsLoopback)
            yield return new("Listen must be an https address of this machine's loopback.", [nameof(Listen)]);
        if (ReconnectFirst <= TimeSpan.Zero || ReconnectMax < ReconnectFirst)
            yield return new("ReconnectFirst must be above 0 and at most ReconnectMax.", [nameof(ReconnectFirst)]);
        if (Telemetry.OtlpEndpoint.Length > 0 && !(Uri.TryCreate(Telemetry.OtlpEndpoint, UriKind.Absolute, out var otlp) && otlp.Scheme is "http" or "https"))
            yield return new("Telemetry.OtlpEndpoint is an address like http://127.0.0.1:4317.", [nameof(Telemetry)]);
        if (SubmitTimeout <= TimeSpan.Zero) yield return new("SubmitTimeout must be above 0.", [nameof(SubmitTimeout)]);
        if (WelcomeWithin <= TimeSpan.Zero) yield return new("WelcomeWithin must be above 0.", [nameof(WelcomeWithin)]);
        if (SupersededPause < ReconnectFirst) yield return new("SupersededPause must be at least ReconnectFirst.", [nameof(SupersededPause)]);
    }
}
