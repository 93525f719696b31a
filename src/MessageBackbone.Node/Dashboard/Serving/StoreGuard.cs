using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Projecting.Storing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Dashboard.Serving;

/// <summary>A page whose log or read model cannot serve says so, with 503 and a way back: nothing was read, and nothing was done.</summary>
internal sealed class StoreGuard(ILogger<StoreGuard> logger)
{
    public async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception fault) when (fault is EventLogUnavailableException or ReadModelFault or FollowerStoppedException && !context.Response.HasStarted)
        {
            DashboardLog.StoreAway(logger, fault);
            // The headers that the door set stay; the one that a page sets, the page that follows sets too.
            context.Response.Headers.Remove("blazor-enhanced-nav");
            // A page is drawn once in a scope: this one gets its own.
            await using var scope = context.RequestServices.CreateAsyncScope();
            context.RequestServices = scope.ServiceProvider;
            const int Status = StatusCodes.Status503ServiceUnavailable;
            await new RazorComponentResult<Pages.TurnedAway>(new { Status, Why = fault.Message }) { StatusCode = Status }.ExecuteAsync(context);
        }
    }
}
