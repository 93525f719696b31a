using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace MessageBackbone.EndToEnd.Processes;

/// <summary>A message as the inbox lists it.</summary>
internal sealed record Listed(string MessageId, string From, string Precedence, ulong Sequence, DateTimeOffset ReceivedAt);

/// <summary>What a bureau's own systems do with their gateway: plain HTTPS and JSON, nothing of this project's.</summary>
internal sealed class Officer : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Between = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _http;

    private Officer(HttpClient http) => _http = http;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Officer Of(Uri address, string gatewayFolder)
    {
        var pinned = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(gatewayFolder, "local-api.pem")));
        var tls = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && shown.Equals(pinned) };
        var http = new HttpClient(new SocketsHttpHandler { SslOptions = tls }) { BaseAddress = address, Timeout = Patience };
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", File.ReadAllText(Path.Combine(gatewayFolder, "local-api.token")).Trim());
        return new Officer(http);
    }

    public async Task<string> SendAsync(object message)
    {
        using var answer = await _http.PostAsJsonAsync("/messages", message, Json, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("message_id").GetString()!;
    }

    /// <summary>Hands a file in; the token names it in a message.</summary>
    public async Task<string> AttachAsync(string path)
    {
        await using var file = File.OpenRead(path);
        using var content = new StreamContent(file);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/attachments?name={Path.GetFileName(path)}") { Content = content };
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("token").GetString()!;
    }

    /// <summary>SHA-256 of an attachment as it is given out.</summary>
    public async Task<string> AttachmentSha256Async(string id, string sha256)
    {
        using var answer = await _http.GetAsync($"/inbox/{id}/attachments/{sha256}", HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode}");
        await using var content = await answer.Content.ReadAsStreamAsync(Cancel);
        return Convert.ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(content, Cancel));
    }

    public async Task<JsonElement> GetAsync(string path) => await _http.GetFromJsonAsync<JsonElement>(path, Cancel);

    public async Task<JsonElement> OpenAsync(string id)
    {
        using var answer = await _http.PostAsJsonAsync($"/inbox/{id}/open", new { officer = "night-desk" }, Json, Cancel);
        return await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    /// <summary>Everything in the inbox, in the order in which it came.</summary>
    public async Task<List<Listed>> InboxAsync()
    {
        var all = new List<Listed>();
        while (true)
        {
            var page = (await GetAsync($"/inbox?order=newest&limit=200&skip={all.Count}")).GetProperty("messages").Deserialize<List<Listed>>(Json)!;
            all.AddRange(page);
            if (page.Count < 200) break;
        }
        all.Reverse();
        return all;
    }

    public Task AttendsAsync() => UntilAsync("attends", async () => (await GetAsync("/status")).GetProperty("attending").GetBoolean());

    /// <summary>The outbox is empty: the node has accepted or refused everything.</summary>
    public Task AnsweredAsync() => UntilAsync("has its answers", async () => (await GetAsync("/status")).GetProperty("outbox").GetProperty("waiting").GetInt32() == 0);

    /// <summary>Every receipt of this gateway is recorded.</summary>
    public Task ReceiptedAsync() =>
        UntilAsync("has its receipts recorded", async () => await ReceiptsToSendAsync() == 0);

    public async Task<long> ReceiptsToSendAsync() => (await GetAsync("/status")).GetProperty("inbox").GetProperty("receipts_to_send").GetInt64();

    public async Task<List<Listed>> InboxHoldsAsync(int count)
    {
        await UntilAsync($"holds {count} messages", async () => (await GetAsync("/status")).GetProperty("inbox").GetProperty("messages").GetInt64() >= count);
        return await InboxAsync();
    }

    /// <summary>Looks again and again until it is so; fails when it is not in time.</summary>
    /// <param name="seen">What was last seen instead, for the failure's text.</param>
    public async Task UntilAsync(string what, Func<Task<bool>> isSo, Func<string>? seen = null)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(Patience);
        using var timer = new PeriodicTimer(Between);
        while (!await isSo())
            if (!await WaitAsync(timer, patience.Token))
                Assert.Fail($"{_http.BaseAddress} never {what}: {seen?.Invoke()} {await GetAsync("/status")}");
    }

    public void Dispose() => _http.Dispose();

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken patience)
    {
        try
        {
            return await timer.WaitForNextTickAsync(patience);
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            return false;
        }
    }
}
