using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>JSON as the local API speaks it.</summary>
internal static class LocalApiJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // Letters of all languages as they are: escaped, a large text would not fit into the largest request.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        try
        {
            using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(stop));
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw NoAnswer();
        }
    }

    /// <summary>What a command shows of an answer; members that it does not know are left alone.</summary>
    public static T As<T>(this JsonElement answer)
    {
        try
        {
            return answer.Deserialize<T>(Options) ?? throw NoAnswer();
        }
        catch (JsonException)
        {
            throw NoAnswer();
        }
    }

    private static CommandFailure NoAnswer() => new("The answer is none of a gateway's local API.", "Is --gateway its address?");
}

/// <summary>An answer with an error status, as one line: reason, text and fields of the gateway's problem+json.</summary>
internal static class LocalApiRefusal
{
    private const int MostFields = 10;

    private sealed record Problem(string? Reason, string? Detail, IReadOnlyList<string>? Fields);

    public static async Task<Exception> OfAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        var problem = answer.Content.Headers.ContentType?.MediaType == "application/problem+json"
            ? (await LocalApiJson.ReadAsync(answer, stop)).As<Problem>()
            : new Problem(null, null, null);
        var reason = Plain.Line(problem.Reason ?? $"HTTP {(int)answer.StatusCode}");
        var fields = problem.Fields is { Count: > 0 } named ? $" ({string.Join(", ", named.Take(MostFields).Select(Plain.Line))})" : "";
        var text = $"{reason}: {Plain.Line(problem.Detail ?? "the gateway gave no reason.")}{fields}";
        return reason switch
        {
            "BUSY" => new GatewayUnreachableException(text),
            "NOT_HERE_YET" => new AttachmentNotHereException(Plain.Line(problem.Detail ?? text)),
            _ => new CommandFailure(text, Next(reason)),
        };
    }

    private static string Next(string reason) => reason switch
    {
        "NOT_AUTHENTICATED" => "Name the token file of this gateway with --token.",
        "UNKNOWN_RECIPIENT" => "'backbone directory list' shows who takes part.",
        "UNKNOWN_MESSAGE" => "'backbone inbox' lists what came.",
        "CLASSIFICATION_NOT_PERMITTED" or "EXCHANGE_NOT_PERMITTED" => "'backbone directory list' shows what is permitted.",
        "NODE_UNREACHABLE" => "Is the node running?",
        _ => "",
    };
}
