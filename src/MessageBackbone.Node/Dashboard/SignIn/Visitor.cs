using System.Security.Claims;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Node.Dashboard.SignIn;

/// <summary>Who looks at the dashboard: one holder in one role.</summary>
/// <param name="Means">"certificate", "proxy" or "link".</param>
internal sealed record Visitor(Holder Holder, string Means)
{
    /// <summary>Names of roles as pages ask for them.</summary>
    public const string Operator = "operator", Auditor = "auditor", Secretariat = "secretariat";

    public const string ByCertificate = "certificate", ByProxy = "proxy", ByLink = "link";

    private const string HolderClaim = "holder", MeansClaim = "means";

    public string Role => RoleOf(Holder.Role)!;

    /// <summary>The word that pages ask for; null: this role has no part in the dashboard.</summary>
    public static string? RoleOf(HolderRole role) => role switch
    {
        HolderRole.Operator => Operator,
        HolderRole.Auditor => Auditor,
        HolderRole.Secretariat => Secretariat,
        _ => null,
    };

    /// <exception cref="InvalidOperationException">Nobody is signed in: the page did not ask for it.</exception>
    public static Visitor Of(ClaimsPrincipal principal) =>
        Holder.TryParse(principal.FindFirstValue(HolderClaim) ?? "", out var holder) && RoleOf(holder.Role) is not null
            ? new Visitor(holder, principal.FindFirstValue(MeansClaim) ?? "")
            : throw new InvalidOperationException("A page that asks for nobody wants to know who looks at it.");

    public ClaimsPrincipal ToPrincipal() => new(new ClaimsIdentity(
        [new(ClaimTypes.Name, Holder.Name), new(ClaimTypes.Role, Role), new(HolderClaim, Holder.Uri), new(MeansClaim, Means)], Means, ClaimTypes.Name, ClaimTypes.Role));
}
