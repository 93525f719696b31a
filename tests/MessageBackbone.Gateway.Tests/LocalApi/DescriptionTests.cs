using System.Text.Json;

namespace MessageBackbone.Gateway.Tests.LocalApi;

/// <summary>The OpenAPI document and the page that shows it.</summary>
public sealed class DescriptionTests(LocalHouse house) : IClassFixture<LocalHouse>
{
    private static readonly string[] _routes =
    [
        "GET /health/live", "GET /health/ready", "GET /inbox", "GET /inbox/arrivals", "GET /inbox/owed", "GET /inbox/{id}", "GET /inbox/{id}/attachments",
        "GET /inbox/{id}/attachments/{sha256}", "POST /attachments", "GET /messages", "GET /messages/{id}", "GET /status",
        "POST /carry/export", "GET /carry/files/{number}", "POST /carry/import",
        "POST /inbox/{id}/open", "POST /messages", "POST /messages/{id}/recall", "POST /messages/{id}/resend", "POST /subscriptions/{topic}",
        "DELETE /subscriptions/{topic}",
    ];

    [Fact]
    public async Task The_document_lists_every_route_with_its_answers()
    {
        using var anyone = new LocalClient(house.France, token: false);
        var answer = await anyone.GetAsync("/openapi/v1.json");

        Assert.Equal((200, "application/json"), (answer.Status, answer.MediaType));
        Assert.StartsWith("3.", answer["openapi"], StringComparison.Ordinal);
        var operations = answer.Json.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => (Route: $"{method.Name.ToUpperInvariant()} {path.Name}", method.Value))).ToList();
        Assert.Equal(_routes.Order(StringComparer.Ordinal), operations.Select(o => o.Route).Order(StringComparer.Ordinal));
        Assert.All(operations, o => Assert.NotEmpty(o.Value.GetProperty("responses").EnumerateObject()));
        Assert.All(operations, o => Assert.NotEqual("", o.Value.GetProperty("summary").GetString()));
        Assert.Equal(operations.Count, operations.Select(o => o.Value.GetProperty("operationId").GetString()).Distinct().Count());
        Assert.All(References(answer.Json), reference => Assert.True(Resolves(answer.Json, reference), $"{reference} leads nowhere."));
    }

    [Fact]
    public async Task The_page_needs_nothing_from_elsewhere_and_has_no_script_of_its_own()
    {
        using var anyone = new LocalClient(house.France, token: false);
        var page = await anyone.GetAsync("/");

        Assert.Equal((200, "text/html"), (page.Status, page.MediaType));
        Assert.DoesNotContain("style=", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("://", page.Text, StringComparison.Ordinal);
        Assert.Equal(1, page.Text.Split("<script").Length - 1);
        Assert.Contains("<script src=\"/page.js\"></script>", page.Text, StringComparison.Ordinal);
        Assert.Equal((200, "text/javascript"), await KindAsync(anyone, "/page.js"));
        Assert.Equal((200, "text/css"), await KindAsync(anyone, "/page.css"));
    }

    private static async Task<(int, string)> KindAsync(LocalClient client, string path)
    {
        var answer = await client.GetAsync(path);
        return (answer.Status, answer.MediaType);
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => p.NameEquals("$ref") ? [p.Value.GetString()!] : References(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    private static bool Resolves(JsonElement document, string reference)
    {
        foreach (var part in reference.Split('/').Skip(1))
            if (!document.TryGetProperty(part, out document)) return false;
        return reference.StartsWith("#/", StringComparison.Ordinal);
    }
}
