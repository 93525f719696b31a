using Grpc.Core;
using MessageBackbone.Domain;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Node.Accepting;

/// <summary>Who calls, as its TLS certificate says, enrolled and unrevoked at the beginning of this call.</summary>
/// <param name="TlsCertificate">SHA-256 of that certificate.</param>
public sealed record Caller(Holder Holder, Fingerprint TlsCertificate)
{
    /// <summary>The bureau's code or the holder's name.</summary>
    public string Name => Holder.Name;

    /// <summary>Fires when the certificate is revoked, the bureau closed or the node goes down; only on streaming calls. A stream that does not end by itself is
    /// cut off soon after.</summary>
    public CancellationToken MustEnd { get; init; }
}

public static class CallerOfCall
{
    private static readonly object Key = new();

    /// <summary>The caller of this call, put there before the method began.</summary>
    public static Caller GetCaller(this ServerCallContext context) => context.UserState.TryGetValue(Key, out var caller)
        ? (Caller)caller
        : throw new InvalidOperationException("The call did not pass the interceptor that names its caller.");

    /// <summary>The bureau that a request names must be the caller's own.</summary>
    public static void RequireOwn(this Caller caller, string bureau, string field)
    {
        if (caller.Holder != new Holder(HolderRole.Bureau, bureau))
        {
            throw new RefusalException(Reasons.NotYourBureau, "Name the bureau that your TLS certificate names: nobody acts for another.", [field]);
        }
    }

    internal static void SetCaller(this ServerCallContext context, Caller caller) => context.UserState[Key] = caller;
}
