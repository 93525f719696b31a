using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace MessageBackbone.Faults.Houses;

/// <summary>A message as an inbox lists it.</summary>
internal sealed record Shown(string MessageId, string From, string Precedence, string Kind, string Reference, ulong Sequence)
{
    public string Conversation { get; init; } = "";

    public DateTimeOffset? OpenedAt { get; init; }

    /// <summary>Empty; or what its sender's order to recall it led to: deleted or retained.</summary>
    public string Recall { get; init; } = "";
}

/// <summary>What came into an inbox.</summary>
/// <param name="After">To ask for what comes next.</param>
internal sealed record Arrivals(List<Shown> Messages, long After);

/// <summary>A message as an outbox lists it.</summary>
internal sealed record Queued(string MessageId, string State, string Reference, string Reason)
{
    public string Kind { get; init; } = "text";
}

/// <summary>How a gateway does.</summary>
internal sealed record Standing(bool Attending, int Waiting, long ReceiptsToSend, long Messages);

/// <summary>What the node says of one recipient of a message.</summary>
internal sealed record Tracked(string Recipient, string State, int Receipts);

/// <summary>What a bureau's own systems do with their gateway: plain HTTPS and JSON, also while the gateway is down.</summary>
internal sealed partial class Desk : IDisposable
{
    private const int Page = 200;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly HttpClient _http;

    private Desk(HttpClient http) => _http = http;

    public static Desk Of(Uri address, string gatewayFolder)
    {
        var pinned = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(gatewayFolder, "local-api.pem")));
        var tls = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && shown.Equals(pinned) };
        var http = new HttpClient(new SocketsHttpHandler { SslOptions = tls }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", File.ReadAllText(Path.Combine(gatewayFolder, "local-api.token")).Trim());
        return new Desk(http);
    }

    public async Task<Standing> StatusAsync(CancellationToken cancellationToken)
    {
        var status = await GetAsync("/status", cancellationToken);
        var (outbox, inbox) = (status.GetProperty("outbox"), status.GetProperty("inbox"));
        return new Standing(
            status.GetProperty("attending").GetBoolean(), outbox.GetProperty("waiting").GetInt32(), inbox.GetProperty("receipts_to_send").GetInt64(),
            inbox.GetProperty("messages").GetInt64());
    }

    /// <summary>Everything in the inbox, in the order in which it came.</summary>
    public async Task<List<Shown>> InboxAsync(CancellationToken cancellationToken)
    {
        var all = new List<Shown>();
        while (true)
        {
            var page = await GetAsync($"/inbox?order=newest&limit={Page}&skip={all.Count}", cancellationToken);
            var shown = page.GetProperty("messages").Deserialize<List<Shown>>(Json)!;
            all.AddRange(shown);
            if (shown.Count < Page) break;
        }
        all.Reverse();
        return all;
    }

    /// <summary>Everything that the bureau sent.</summary>
    public async Task<List<Queued>> OutboxAsync(CancellationToken cancellationToken)
    {
        var all = new List<Queued>();
        for (long? before = long.MaxValue; before is not null;)
        {
            var page = await GetAsync($"/messages?limit={Page}&before={before}", cancellationToken);
            all.AddRange(page.GetProperty("messages").Deserialize<List<Queued>>(Json)!);
            before = page.TryGetProperty("before", out var more) && more.ValueKind == JsonValueKind.Number ? more.GetInt64() : null;
        }
        return all;
    }

    /// <summary>Null: the node cannot be asked, or knows no such message.</summary>
    public async Task<List<Tracked>?> TrackAsync(string id, CancellationToken cancellationToken)
    {
        var status = await GetAsync($"/messages/{id}", cancellationToken);
        if (!status.TryGetProperty("tracking", out var tracking) || tracking.ValueKind != JsonValueKind.Object) return null;
        return [.. tracking.GetProperty("recipients").EnumerateArray().Select(one => new Tracked(
            one.GetProperty("recipient").GetString()!, one.GetProperty("state").GetString()!,
            one.GetProperty("receipts").EnumerateArray().Count(receipt => receipt.GetProperty("outcome").GetString() == "delivered")))];
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The gateway is not there, or went while it was asked.</summary>
    public static bool IsAway(Exception fault, CancellationToken cancellationToken) =>
        fault is HttpRequestException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) => await _http.GetFromJsonAsync<JsonElement>(path, cancellationToken);
}
