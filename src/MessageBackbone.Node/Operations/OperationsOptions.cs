using System.ComponentModel.DataAnnotations;
using System.Net;

namespace MessageBackbone.Node.Operations;

/// <summary>Health and what counts as ready. All defaults are here.</summary>
public sealed class OperationsOptions : IValidatableObject
{
    /// <summary>Address and port of the health pages, plain HTTP, loopback only; port 0 takes a free one; empty: none. Default empty.</summary>
    public string HealthListen { get; set; } = "";

    /// <summary>Positions that a follower may be behind the log before the node counts as not ready. Default 50,000.</summary>
    [Range(1, long.MaxValue)] public long ReadyLag { get; set; } = 50_000;

    /// <summary>Free bytes of the data folder's disk below which the node counts as not ready. Default 256 MiB.</summary>
    [Range(0, long.MaxValue)] public long ReadyFreeBytes { get; set; } = 256L << 20;

    /// <summary>How long one look at the log may take before it counts as not answering. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")] public TimeSpan ReadyTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the gRPC health service looks whether the node is ready. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")] public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The least time between two boards of one watcher. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")] public TimeSpan BoardInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>What senders are told that a draining node refuses, where the order says nothing. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")] public TimeSpan DrainRetryAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an alert counts as acknowledged. Default 8 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")] public TimeSpan AcknowledgedFor { get; set; } = TimeSpan.FromHours(8);

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (HealthListen.Length > 0 && !(IPEndPoint.TryParse(HealthListen, out var endpoint) && IPAddress.IsLoopback(endpoint.Address)))
            yield return new ValidationResult("HealthListen is a loopback address and a port, like 127.0.0.1:7481: the pages know no caller.", [nameof(HealthListen)]);
    }
}
