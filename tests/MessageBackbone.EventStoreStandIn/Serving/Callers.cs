using System.Text;
using Grpc.Core;

namespace MessageBackbone.EventStoreStandIn.Serving;

/// <summary>Who calls, and what the state of the node says to everybody.</summary>
internal sealed class Callers(StandIn node)
{
    /// <summary>Lets a call in; one that nobody answers waits here until its caller gives up.</summary>
    /// <exception cref="RpcException">User or password is wrong, or the node is not ready.</exception>
    public async Task<Caller> AdmitAsync(ServerCallContext call)
    {
        if (node.Faults.Silent) await Task.Delay(Timeout.Infinite, call.CancellationToken);
        return new(Identify(call), string.Equals(call.RequestHeaders.GetValue("requires-leader"), "true", StringComparison.OrdinalIgnoreCase));
    }

    private StandInUser? Identify(ServerCallContext call)
    {
        if (node.Options.Users.Count == 0) return new("", "");
        if (call.RequestHeaders.GetValue("authorization") is not { } header || !header.StartsWith("Basic ", StringComparison.Ordinal)) return null;
        var (name, password) = Encoding.UTF8.GetString(Convert.FromBase64String(header["Basic ".Length..])).Split(':', 2) is [var one, var other] ? (one, other) : ("", "");
        return node.Options.Users.FirstOrDefault(user => user.Name == name && user.Password == password) ?? throw Refusals.Unauthenticated();
    }
}

/// <param name="User">Null: nobody that is known.</param>
internal sealed record Caller(StandInUser? User, bool RequiresLeader)
{
    public bool MayUseStreams => User is not null;

    public bool MayReadAll => User is { IsAdministrator: true };
}
