using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>The OpenAPI document at /openapi/v1.json, and a page at / that shows it and needs nothing from another host.</summary>
internal static class ApiDescription
{
    public static void Add(IServiceCollection services) => services.AddOpenApi("v1", options => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info.Title = "MessageBackbone gateway: local API";
        document.Info.Version = "v1";
        document.Info.Description =
            "Send and receive sealed messages for this bureau. Show the token of the gateway's token file as `Authorization: Bearer …`, or the bureau's TLS client " +
            "certificate. The server's certificate is local-api.pem in the gateway's data folder. Errors are application/problem+json with `reason` and `fields`.";
        return Task.CompletedTask;
    }));

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi("/openapi/{documentName}.json");
        routes.MapGet("/", () => Resource("page.html", "text/html; charset=utf-8")).ExcludeFromDescription();
        routes.MapGet("/page.js", () => Resource("page.js", "text/javascript; charset=utf-8")).ExcludeFromDescription();
        routes.MapGet("/page.css", () => Resource("page.css", "text/css; charset=utf-8")).ExcludeFromDescription();
    }

    private static IResult Resource(string name, string type) =>
        Results.Stream(typeof(ApiDescription).Assembly.GetManifestResourceStream($"local-api/{name}")!, type);
}
