using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace MessageBackbone.Faults.Houses;

/// <summary>What is done there. An answer that does not come is no answer: what was asked for may have happened or not.</summary>
internal sealed partial class Desk
{
    public const string NotAcceptedYet = "NOT_ACCEPTED_YET";

    /// <summary>True: the gateway has it for good. False: it answered that it has not. Null: no answer came, it may have it or not.</summary>
    public async Task<(bool? Taken, string Id)> PostAsync(IReadOnlyDictionary<string, object> message, CancellationToken cancellationToken)
    {
        var (taken, answer) = await PostAsync("/messages", message, cancellationToken);
        return (taken, taken == true ? Text(answer, "message_id") : "");
    }

    /// <summary>As <see cref="PostAsync(IReadOnlyDictionary{string, object}, CancellationToken)"/>, without the id.</summary>
    public async Task<bool?> SendAsync(object message, CancellationToken cancellationToken) => (await PostAsync("/messages", message, cancellationToken)).Taken;

    /// <summary>Recalls a sent message; what is said of it as in <see cref="PostAsync(IReadOnlyDictionary{string, object}, CancellationToken)"/>, with the reason of a refusal.</summary>
    public async Task<(bool? Taken, string Reason)> RecallAsync(string id, CancellationToken cancellationToken)
    {
        var (taken, answer) = await PostAsync($"/messages/{id}/recall", new { reason = "SENT_IN_ERROR" }, cancellationToken);
        return (taken, Text(answer, "reason"));
    }

    /// <summary>True: an officer has the content. False: it cannot be opened any more. Null: no answer came.</summary>
    public async Task<bool?> OpenAsync(string id, CancellationToken cancellationToken) =>
        (await PostAsync($"/inbox/{id}/open", new { officer = "officer-1" }, cancellationToken)).Taken;

    /// <summary>The token of a file that is on the gateway's disk; null: it is not known to be.</summary>
    public async Task<string?> HandInAsync(byte[] file, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        var (taken, answer) = await AskAsync(() => _http.PostAsync("/attachments?name=file.bin", content, cancellationToken), cancellationToken);
        return taken == true ? Text(answer, "token") : null;
    }

    /// <summary>SHA-256 of the file that came with an opened message; null: it is not all there yet.</summary>
    public async Task<string?> FetchAsync(string id, CancellationToken cancellationToken)
    {
        var listed = await GetAsync($"/inbox/{id}/attachments", cancellationToken);
        using var answer = await _http.GetAsync(
            $"/inbox/{id}/attachments/{Text(listed.GetProperty("attachments")[0], "sha256")}", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.OK) return null;
        await using var bytes = await answer.Content.ReadAsStreamAsync(cancellationToken);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, cancellationToken));
    }

    /// <summary>What came after that number, in its order; at once.</summary>
    public async Task<Arrivals> ArrivalsAsync(long after, CancellationToken cancellationToken) =>
        (await GetAsync($"/inbox/arrivals?after={after}&limit={Page}&wait=0", cancellationToken)).Deserialize<Arrivals>(Json)!;

    /// <summary>The node says that the recipient's gateway keeps it apart.</summary>
    public async Task<bool> IsQuarantinedAsync(string id, string recipient, CancellationToken cancellationToken)
    {
        try
        {
            return await TrackAsync(id, cancellationToken) is { } tracked && tracked.Any(one => one.Recipient == recipient && one.State == "quarantined");
        }
        catch (Exception away) when (IsAway(away, cancellationToken))
        {
            return false;
        }
    }

    /// <summary>Who was asked to give a message back → what became of that.</summary>
    public async Task<Dictionary<string, string>> HoldersAsync(string id, CancellationToken cancellationToken) =>
        (await GetAsync($"/messages/{id}", cancellationToken)).GetProperty("recall").EnumerateArray().ToDictionary(one => Text(one, "recipient"), one => Text(one, "state"));

    private Task<(bool? Taken, JsonElement Answer)> PostAsync(string path, object body, CancellationToken cancellationToken) =>
        AskAsync(() => _http.PostAsJsonAsync(path, body, Json, cancellationToken), cancellationToken);

    private static async Task<(bool? Taken, JsonElement Answer)> AskAsync(Func<Task<HttpResponseMessage>> ask, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await ask();
            // 5xx is no word about the message: the store's answer may have been lost.
            if ((int)answer.StatusCode >= 500) return (null, default);
            return (answer.IsSuccessStatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken));
        }
        catch (Exception away) when (IsAway(away, cancellationToken))
        {
            return (null, default);
        }
    }

    private static string Text(JsonElement answer, string name) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty(name, out var text) ? text.GetString() ?? "" : "";
}
