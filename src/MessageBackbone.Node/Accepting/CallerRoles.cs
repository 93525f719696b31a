using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Node.Accepting;

/// <summary>Which roles may call what. A method that is not listed may be called by nobody.</summary>
internal static class CallerRoles
{
    private static readonly HolderRole[] Everyone = Enum.GetValues<HolderRole>();

    private static readonly (string Prefix, HolderRole[] Roles)[] Table =
    [
        ("/backbone.v1.ExchangeService/", [HolderRole.Bureau]),
        ("/backbone.v1.DeliveryService/", [HolderRole.Bureau]),
        ("/backbone.v1.DirectoryService/ListBureaus", Everyone),
        ("/backbone.v1.DirectoryService/GetBureau", Everyone),
        ("/backbone.v1.DirectoryService/WatchDirectory", Everyone),
        ("/backbone.v1.DirectoryService/ResolveTopic", Everyone),
        ("/backbone.v1.DirectoryService/Subscribe", [HolderRole.Bureau]),
        ("/backbone.v1.DirectoryService/Unsubscribe", [HolderRole.Bureau]),
        ("/backbone.v1.DirectoryService/", [HolderRole.Secretariat]),
        ("/backbone.v1.AuditService/", [HolderRole.Auditor]),
        ("/backbone.v1.LedgerService/", Everyone),
        ("/backbone.v1.OperationsService/", [HolderRole.Operator]),
        ("/grpc.health.v1.Health/", Everyone),
        ("/grpc.reflection.v1.ServerReflection/", Everyone),
        ("/grpc.reflection.v1alpha.ServerReflection/", Everyone),
    ];

    public static void Require(string method, HolderRole role)
    {
        foreach (var (prefix, roles) in Table)
        {
            if (method.StartsWith(prefix, StringComparison.Ordinal))
            {
                if (roles.Contains(role))
                {
                    return;
                }

                break;
            }
        }

        throw new RefusalException(Reasons.RoleRequired, "Your certificate's role may not call this method. Use the certificate of a holder who may.");
    }
}
