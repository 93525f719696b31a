using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Dashboard.Serving;

/// <summary>What is judged of a request before anybody is asked who he is, and the headers of every answer.</summary>
/// <remarks>A browser sends a client certificate along with whatever another site makes it ask for, so the request itself must come from here: by
/// <c>Origin</c> and <c>Sec-Fetch-Site</c> (W3C Fetch Metadata). The host's name is judged too: a foreign name that leads to our address would be the same
/// origin as that site (DNS rebinding).</remarks>
internal sealed class Door(DashboardOptions options, ILogger<Door> logger)
{
    // Blazor and Radzen set the style attribute of elements; nothing else is loosened: no inline script or style sheet, no other host.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'self'; frame-ancestors 'none';";

    public async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        Head(context.Response.Headers, context.Request.IsHttps);
        context.Response.OnStarting(static response =>
        {
            // Unless an answer says otherwise: files that never change do, and so does the guard of forms.
            var headers = ((HttpResponse)response).Headers;
            if (headers.CacheControl.Count == 0) headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }, context.Response);
        if (Problem(context.Request, context.Connection.LocalIpAddress) is { } problem)
        {
            DashboardLog.RefusedAtTheDoor(logger, problem);
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsync($"Refused: {problem}\n", context.RequestAborted);
            return;
        }

        await next(context);
    }

    /// <summary>Why a request is refused; null: it may go on.</summary>
    internal string? Problem(HttpRequest request, IPAddress? listening)
    {
        if (!IsOurs(request.Host.Host, listening)) return "the host's name is not one of this dashboard (setting Dashboard:Hosts)";
        if (request.Headers.Origin.ToString() is { Length: > 0 } origin && origin != $"{request.Scheme}://{request.Host}") return "it comes from another site";
        var navigation = HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Mode"] == "navigate";
        if (request.Headers["Sec-Fetch-Site"] == "cross-site" && !navigation) return "it comes from another site";
        var changes = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);
        var socket = request.Headers.Upgrade.Count > 0;
        return (changes || socket) && request.Headers.Origin.Count == 0 && request.Headers["Sec-Fetch-Site"].Count == 0 ? "it does not say which site it comes from" : null;
    }

    private static void Head(IHeaderDictionary headers, bool tls)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        // Not no-referrer: with it a browser sends its own forms with "Origin: null", and we would refuse them.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        if (tls) headers.StrictTransportSecurity = "max-age=31536000";
    }

    private bool IsOurs(string host, IPAddress? listening)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address)) return IPAddress.IsLoopback(address) || address.Equals(listening);
        return host == "localhost" || options.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase);
    }
}
