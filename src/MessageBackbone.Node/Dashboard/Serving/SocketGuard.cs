using MessageBackbone.Node.Accepting;
using Microsoft.AspNetCore.Http;

namespace MessageBackbone.Node.Dashboard.Serving;

/// <summary>Ends an open page's connection when the certificate that opened it is revoked, as wire.md §2 has it for every stream.</summary>
internal sealed class SocketGuard(CallerGuards guards)
{
    public async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Items[typeof(Caller)] is not Caller caller || !context.Request.Path.StartsWithSegments("/_blazor", StringComparison.Ordinal))
        {
            await next(context);
            return;
        }

        using var guard = guards.Watch(caller);
        await using var ends = guard.Caller.MustEnd.Register(context.Abort);
        await next(context);
    }
}
