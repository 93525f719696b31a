using System.Security.Cryptography;
using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>Everything that happens before a local request is worked on: names, origin, user, room. Default is deny.</summary>
internal sealed class LocalGuard(byte[] tokenDigest, string tokenName, int atOnce, ILogger log) : IDisposable
{
    private const string UserKey = "local-user";

    // Without a user: what tells nothing about the bureau's messages. Everything else needs one.
    private static readonly string[] _open = ["/", "/page.js", "/page.css", "/openapi/v1.json", "/health/live", "/health/ready"];
    private static readonly string[] _names = ["localhost", "127.0.0.1", "[::1]"];

    private readonly SemaphoreSlim _room = new(atOnce);

    public static string UserOf(HttpContext context) => (string)context.Items[UserKey]!;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
        if (Refusal(context) is { } refused)
        {
            GatewayLog.LocalRequestRefused(log, refused.Reason);
            await Problems.Of(refused.Status, refused.Reason, refused.Text).ExecuteAsync(context);
            return;
        }
        if (!await _room.WaitAsync(0, context.RequestAborted))
        {
            headers.RetryAfter = "1";
            await Problems.Of(StatusCodes.Status503ServiceUnavailable, "BUSY", "Too many requests at the same time: send it again.").ExecuteAsync(context);
            return;
        }
        try
        {
            await next(context);
        }
        finally
        {
            _room.Release();
        }
    }

    public void Dispose() => _room.Dispose();

    private (int Status, string Reason, string Text)? Refusal(HttpContext context)
    {
        var request = context.Request;
        var port = context.Connection.LocalPort;
        // A page of another site whose name was made to point here (DNS rebinding) sends its own name.
        if (!_names.Contains(request.Host.Host, StringComparer.OrdinalIgnoreCase) || (request.Host.Port ?? 443) != port)
            return (StatusCodes.Status421MisdirectedRequest, "WRONG_HOST", "The host must be localhost, 127.0.0.1 or [::1] with the port of this gateway.");
        if (request.Headers.Origin.Count > 0 && !_names.Any(name => request.Headers.Origin == $"https://{name}:{port}"))
            return (StatusCodes.Status403Forbidden, "WRONG_ORIGIN", "This interface is not for pages of other sites.");
        if (User(context) is { } user)
        {
            context.Items[UserKey] = user;
            return null;
        }
        if (HttpMethods.IsGet(request.Method) && _open.Contains(request.Path.Value, StringComparer.Ordinal)) return null;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return (StatusCodes.Status401Unauthorized, "NOT_AUTHENTICATED", "Show the token of the gateway's token file as a bearer token, or the bureau's client certificate.");
    }

    // The certificate was judged during the handshake: one that is not the bureau's own does not get as far as this.
    private string? User(HttpContext context)
    {
        if (context.Connection.ClientCertificate is { } certificate) return $"certificate:{Digests.Sha256Hex(certificate.RawData)[..16]}";
        const string Scheme = "Bearer ";
        if (context.Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return null;
        var shown = LocalSecrets.Digest(header[Scheme.Length..].Trim());
        return CryptographicOperations.FixedTimeEquals(shown, tokenDigest) ? $"token:{tokenName}" : null;
    }
}
