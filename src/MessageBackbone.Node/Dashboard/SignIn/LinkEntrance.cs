using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Dashboard.SignIn;

/// <summary>The demo's entrance: a one-time link becomes a cookie, which may change between the roles that the link has.</summary>
internal sealed class LinkEntrance(OneTimeLinks links, ILogger<LinkEntrance> logger)
{
    /// <summary>What the address says of a link that opens nothing, for the page that says so.</summary>
    public const string Link = "link", Used = "used";

    private const string MayBe = "may-be";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/enter", EnterAsync).AllowAnonymous();
        routes.MapPost("/change-role", ChangeAsync).RequireAuthorization();
        routes.MapPost("/leave", LeaveAsync).RequireAuthorization();
    }

    /// <summary>The roles that the visitor may change to; none: he came by no link.</summary>
    public static IEnumerable<Holder> Others(System.Security.Claims.ClaimsPrincipal principal) =>
        principal.FindAll(MayBe).Select(claim => Holder.TryParse(claim.Value, out var holder) ? holder : default).Where(holder => holder.Name is not null);

    private async Task<IResult> EnterAsync(HttpContext context, string? key)
    {
        if (links.Use(key ?? "") is not [var first, ..] holders) return Results.Redirect($"/?{Link}={Used}");
        await SignInAsync(context, first, holders);
        return Results.Redirect("/");
    }

    private async Task<IResult> ChangeAsync(HttpContext context, IAntiforgery antiforgery)
    {
        await antiforgery.ValidateRequestAsync(context);
        var wanted = (await context.Request.ReadFormAsync(context.RequestAborted))["holder"].ToString();
        var holders = Others(context.User).ToList();
        if (holders.Find(holder => holder.Uri == wanted) is not { Name: not null } next) return Results.BadRequest();
        await SignInAsync(context, next, holders);
        return Results.Redirect("/");
    }

    private static async Task<IResult> LeaveAsync(HttpContext context, IAntiforgery antiforgery)
    {
        await antiforgery.ValidateRequestAsync(context);
        await context.SignOutAsync(DashboardAuthentication.LinkScheme);
        return Results.Redirect("/");
    }

    private async Task SignInAsync(HttpContext context, Holder holder, IReadOnlyList<Holder> all)
    {
        var principal = new Visitor(holder, Visitor.ByLink).ToPrincipal();
        ((System.Security.Claims.ClaimsIdentity)principal.Identity!).AddClaims(all.Select(other => new System.Security.Claims.Claim(MayBe, other.Uri)));
        await context.SignInAsync(DashboardAuthentication.LinkScheme, principal);
        DashboardLog.SignedIn(logger, holder.Uri, Visitor.ByLink);
    }
}
