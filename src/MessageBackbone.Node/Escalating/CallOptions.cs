using System.Text.Json.Serialization;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Escalating;

/// <summary>One listener that is called over HTTPS when a step is taken: a POST of a small JSON with ids, codes and times.</summary>
public sealed class CallOptions
{
    /// <summary>An https address. Nothing else is ever called: a redirection is not followed, no proxy is asked.</summary>
    public string Url { get; set; } = "";

    /// <summary>Of duty-desk, alternate, sender, operator for late deliveries, and request-reminder, request-duty-desk, request-requester, request-operator for
    /// answers that are owed; empty: all of them.</summary>
    public IList<string> Steps { get; set; } = [];

    /// <summary>Bureau codes whose deliveries and answers it is called for; empty: everybody's.</summary>
    public IList<string> Bureaus { get; set; } = [];

    /// <summary>PEM file with the authorities that the listener's certificate may chain to; those of the machine do not count.</summary>
    public string CaFile { get; set; } = "";

    /// <summary>PEM file of a client certificate to show; empty: none.</summary>
    public string ClientCertificate { get; set; } = "";

    /// <summary>PEM file of its key.</summary>
    public string ClientKey { get; set; } = "";

    [JsonIgnore] internal Uri Address => new(Url);

    /// <summary>What it is called for of late deliveries.</summary>
    [JsonIgnore] internal IReadOnlyList<EscalationStep> Called => [.. StepWords.Deliveries.Where(step => Names(step.Word()))];

    /// <summary>What it is called for of requests.</summary>
    [JsonIgnore] internal IReadOnlyList<RequestStep> CalledForRequests => [.. StepWords.Requests.Where(step => Names(step.Word()))];

    internal bool Overlaps(CallOptions other) =>
        (Called.Intersect(other.Called).Any() || CalledForRequests.Intersect(other.CalledForRequests).Any())
        && (Bureaus.Count == 0 || other.Bureaus.Count == 0 || Bureaus.Intersect(other.Bureaus, StringComparer.Ordinal).Any());

    [JsonIgnore]
    internal string? Problem
    {
        get
        {
            if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps || url.UserInfo.Length > 0)
                return "Url is an address like https://desk.example/escalations, without a user.";
            if (Steps.Any(step => !StepWords.IsKnown(step))) return $"Steps are of {StepWords.All}.";
            if (Bureaus.Any(bureau => !BureauCode.TryParse(bureau, out _))) return "Bureaus are bureau codes.";
            if (CaFile.Length == 0 || !File.Exists(CaFile)) return "CaFile is a PEM file with the authority of the listener's certificate.";
            return (ClientCertificate.Length > 0) != (ClientKey.Length > 0) || (ClientKey.Length > 0 && !(File.Exists(ClientCertificate) && File.Exists(ClientKey)))
                ? "ClientCertificate and ClientKey are two PEM files, or both empty."
                : null;
        }
    }

    private bool Names(string word) => Steps.Count == 0 || Steps.Contains(word);
}
