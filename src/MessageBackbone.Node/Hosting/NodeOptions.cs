using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.Json.Serialization;
using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Dashboard;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Node.Escalating;
using MessageBackbone.Node.Ledger;
using MessageBackbone.Node.Operations;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Node.Hosting;

/// <summary>Everything that a node is told. Section <c>Node</c> of its configuration file.</summary>
public sealed class NodeOptions : IValidatableObject
{
    public const string Section = "Node";

    /// <summary>Folder of the event log, the bodies, the plan and the read models. Made with mode 0700 if it is not there.</summary>
    [Required] public string DataFolder { get; set; } = "";

    /// <summary>Address and port of the gRPC service; port 0 takes a free one. Default 127.0.0.1:7443.</summary>
    [Required] public string Listen { get; set; } = "127.0.0.1:7443";

    /// <summary>PEM file with the certificate of the authority that everybody's certificates chain to.</summary>
    [Required] public string CaFile { get; set; } = "";

    /// <summary>PEM or DER file with that authority's revocation list; empty: none.</summary>
    public string CrlFile { get; set; } = "";

    /// <summary>Folder with the node's own tls.pem, tls.key, sign.pem, sign.key.</summary>
    [Required] public string HolderFolder { get; set; } = "";

    /// <summary>How often those three are looked at for renewed certificates and a new list. Default 10 s.</summary>
    public TimeSpan KeysReadEvery { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>PEM files with the secretariat's first tls and sign certificates: enrolled from the beginning.</summary>
    [MinLength(1)] public IList<string> SecretariatCertificates { get; set; } = [];

    /// <summary>The house's own bureau code, which non-delivery reports come from. Default HOUSE.</summary>
    [Required] public string House { get; set; } = "HOUSE";

    /// <summary>AMQP address of the broker; empty: the transport in memory. Default empty.</summary>
    public string RabbitMq { get; set; } = "";

    /// <summary>Connection string of the EventStoreDB that holds the event log (<c>esdb://…</c>); empty: a file in <see cref="DataFolder"/>. Default empty.</summary>
    public string EventStore { get; set; } = "";

    [Required] public NodeLimits Limits { get; set; } = new();

    /// <summary>How much bureaus may send.</summary>
    [Required] public AcceptingOptions Accepting { get; set; } = new();

    /// <summary>How references travel to the lanes. Its plan file and broker are set by <see cref="DataFolder"/> and <see cref="RabbitMq"/>.</summary>
    [Required] public RoutingOptions Routing { get; set; } = new() { PlanFile = "plan.db" };

    /// <summary>How attending gateways are served.</summary>
    [Required] public DeliveringOptions Delivering { get; set; } = new();

    /// <summary>Service levels, and what is done when one has passed.</summary>
    [Required] public EscalationOptions Escalation { get; set; } = new();

    /// <summary>Deadline classes of requests, and when their recipients are reminded.</summary>
    [Required] public RequestOptions Requests { get; set; } = new();

    /// <summary>Who signs the tree over all events, and how often.</summary>
    [Required] public LedgerOptions Ledger { get; set; } = new();

    /// <summary>Health pages, and what counts as ready.</summary>
    [Required] public OperationsOptions Operations { get; set; } = new();

    /// <summary>The operators' dashboard.</summary>
    [Required] public DashboardOptions Dashboard { get; set; } = new();

    /// <summary>Where traces and metrics go.</summary>
    [Required] public TelemetryOptions Telemetry { get; set; } = new();

    [JsonIgnore] public IPEndPoint ListenEndpoint => IPEndPoint.Parse(Listen);

    /// <exception cref="ValidationException">Names every setting that cannot be used.</exception>
    public void Validate()
    {
        var problems = new List<ValidationResult>();
        Validator.TryValidateObject(this, new ValidationContext(this), problems, validateAllProperties: true);
        foreach (var part in (object[])[Limits, Accepting, Routing, Delivering, Escalation, Requests, Ledger, Operations, Dashboard, Telemetry])
            Validator.TryValidateObject(part, new ValidationContext(part), problems, validateAllProperties: true);
        if (problems.Count > 0)
        {
            throw new ValidationException(string.Join(" ", problems.Select(problem => $"{Section}: {problem.ErrorMessage}")));
        }
    }

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (!IPEndPoint.TryParse(Listen, out _))
        {
            yield return new ValidationResult("Listen is an IP address and a port, like 127.0.0.1:7443.", [nameof(Listen)]);
        }

        if (!BureauCode.TryParse(House, out _))
        {
            yield return new ValidationResult("House is a bureau code.", [nameof(House)]);
        }

        if (KeysReadEvery < TimeSpan.FromMilliseconds(10))
        {
            yield return new ValidationResult("KeysReadEvery is a time, like 00:00:10.", [nameof(KeysReadEvery)]);
        }

        if (RabbitMq.Length > 0 && !(Uri.TryCreate(RabbitMq, UriKind.Absolute, out var broker) && broker.Scheme is "amqp" or "amqps"))
        {
            yield return new ValidationResult("RabbitMq is an address like amqp://user@host:5672/.", [nameof(RabbitMq)]);
        }

        if (EventStore.Length > 0 && ConnectionString.ProblemWith(EventStore) is { } problem)
        {
            yield return new ValidationResult($"EventStore: {problem}", [nameof(EventStore)]);
        }
    }
}

/// <summary>What one caller may cost (wire.md §7).</summary>
public sealed class NodeLimits
{
    /// <summary>Bytes of Envelope.header. Default 64 KiB.</summary>
    [Range(1024, 1 << 20)] public int HeaderBytes { get; set; } = 64 * 1024;

    /// <summary>Bytes of Envelope.body. Default 1.25 MiB.</summary>
    [Range(1024, 16 << 20)] public int BodyBytes { get; set; } = 1_310_720;

    /// <summary>Recipients of one message: to, info and alternates together. Default 500.</summary>
    [Range(1, 10_000)] public int Recipients { get; set; } = 500;

    /// <summary>How far ahead of the node's clock a time may be. Default 5 min.</summary>
    public TimeSpan AheadOfClock { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How old a message may be when it is first sent. Default 30 days.</summary>
    public TimeSpan BehindClock { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Messages of one SubmitMany that are worked on at a time. Default 64.</summary>
    [Range(1, 4096)] public int SubmissionsInFlight { get; set; } = 64;

    /// <summary>Connections in all. Default 4096.</summary>
    [Range(1, 1_000_000)] public int Connections { get; set; } = 4096;

    /// <summary>Connections from one address. Default 512.</summary>
    [Range(1, 1_000_000)] public int ConnectionsPerAddress { get; set; } = 512;

    /// <summary>Connections from one address that have not shown a certificate yet. Default 64.</summary>
    [Range(1, 100_000)] public int HandshakesPerAddress { get; set; } = 64;

    /// <summary>Connections with one TLS certificate. Default 64.</summary>
    [Range(1, 100_000)] public int ConnectionsPerCertificate { get; set; } = 64;

    /// <summary>Calls on one connection at a time. Default 128.</summary>
    [Range(1, 10_000)] public int StreamsPerConnection { get; set; } = 128;

    /// <summary>How long a handshake may take. Default 10 s.</summary>
    public TimeSpan Handshake { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a sealed body or an attachment without an accepted message is kept after it came. Default 24 h.</summary>
    public TimeSpan OrphansKept { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Bytes of one attachment. Default 10 GiB.</summary>
    [Range(0, 1L << 50)] public long AttachmentBytes { get; set; } = 10L << 30;

    /// <summary>Bytes of attachments that one bureau has uploaded, or said that it will, and no accepted message names yet. Default 32 GiB.</summary>
    [Range(0, 1L << 50)] public long UnfinishedBytes { get; set; } = 32L << 30;

    /// <summary>Uploads and downloads of attachments of one bureau at a time: a gateway has one of each and precedence. Default 8.</summary>
    [Range(1, 1_000)] public int TransfersOfOneBureau { get; set; } = 8;

    /// <summary>Free bytes that attachments and carry files leave on the disk, for the log that lies there too. Default 1 GiB.</summary>
    [Range(0, 1L << 60)] public long FreeDiskKept { get; set; } = 1L << 30;
}
