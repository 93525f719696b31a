using System.Text.Encodings.Web;
using MessageBackbone.Domain;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MessageBackbone.Node.Dashboard.SignIn;

/// <summary>Says at each request who it is from: by the proxy's headers, where the proxy's certificate brought it; else by the TLS client certificate, enrolled,
/// valid and unrevoked now; else by the cookie of a one-time link.</summary>
internal sealed class DashboardAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> schemes, ILoggerFactory logs, UrlEncoder encoder, Callers callers, DashboardOptions options)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, logs, encoder)
{
    public const string SchemeName = "dashboard", LinkScheme = "link";

    /// <summary>Why nobody is signed in, for the page that says so.</summary>
    public static string? WhyNot(HttpContext context) => context.Items[typeof(DashboardAuthentication)] as string;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.Connection.ClientCertificate is not { } certificate) return await Context.AuthenticateAsync(LinkScheme);
        if (IsProxy(Fingerprint.Of(certificate.RawDataMemory.Span))) return ByHeaders();
        if (callers.WhyNot(certificate, out var caller) is { } refusal) return Nobody(refusal.Message);
        if (Visitor.RoleOf(caller!.Holder.Role) is null) return Nobody("The role of your certificate has no part in the dashboard.");
        Context.Items[typeof(Caller)] = caller;
        return Somebody(new Visitor(caller.Holder, Visitor.ByCertificate));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => AnswerAsync(StatusCodes.Status401Unauthorized);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => AnswerAsync(StatusCodes.Status403Forbidden);

    private bool IsProxy(Fingerprint certificate) =>
        options.Proxy.CertificateSha256.Length > 0 && certificate == Fingerprint.Read(Convert.FromHexString(options.Proxy.CertificateSha256));

    private AuthenticateResult ByHeaders()
    {
        var (name, role) = (Request.Headers[options.Proxy.NameHeader], Request.Headers[options.Proxy.RoleHeader]);
        if (name.Count != 1 || role.Count != 1) return Nobody("The proxy does not say who you are: one header each for name and role is expected.");
        return Holder.TryParse($"urn:backbone:{role}:{name}", out var holder) && Visitor.RoleOf(holder.Role) is not null
            ? Somebody(new Visitor(holder, Visitor.ByProxy))
            : Nobody("The proxy names a role or a person that has no part in the dashboard.");
    }

    private AuthenticateResult Nobody(string why)
    {
        Context.Items[typeof(DashboardAuthentication)] = why;
        return AuthenticateResult.Fail(why);
    }

    private AuthenticateResult Somebody(Visitor visitor) => AuthenticateResult.Success(new(visitor.ToPrincipal(), Scheme.Name));

    // A script or a socket gets the bare status: only a person reads a page.
    private Task AnswerAsync(int status)
    {
        Response.StatusCode = status;
        if (!Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal)) return Task.CompletedTask;
        var page = new RazorComponentResult<Pages.TurnedAway>(new { Status = status, Why = WhyNot(Context) ?? "" }) { StatusCode = status };
        return page.ExecuteAsync(Context);
    }
}
