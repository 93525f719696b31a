using MessageBackbone.Domain.Directory;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Dashboard.SignIn;
using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.Components;

namespace MessageBackbone.Node.Dashboard.Parts;

/// <summary>A page that gives an order: looks first what it would do, and says plainly what was refused.</summary>
public abstract class OrderPage : DashboardPart
{
    /// <summary>Why nothing was done, in English as the node says it; empty: nothing is wrong.</summary>
    private protected string Refused { get; private set; } = "";

    /// <summary>The order was carried out.</summary>
    private protected bool Done { get; set; }

    [Inject] private protected IServiceProvider Services { get; set; } = null!;

    /// <summary>Whoever is signed in, as the node's rooms know callers. His certificate was judged when this request began.</summary>
    private protected Caller Caller => new(Visitor.Of(Http!.User).Holder, default);

    private protected CancellationToken Stop => Http!.RequestAborted;

    private protected async Task<T?> AskAsync<T>(Func<Task<T>> ask)
        where T : class
    {
        try
        {
            Refused = "";
            return await ask();
        }
        catch (Exception fault) when (fault is RefusalException or EventLogUnavailableException or Projecting.FollowerStoppedException)
        {
            Refused = fault.Message;
            return null;
        }
    }
}
