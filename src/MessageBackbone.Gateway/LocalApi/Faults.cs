using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>
/// Makes application/problem+json of whatever goes wrong outside an endpoint. The framework's own handler would log what was asked, drop the headers of
/// <see cref="LocalGuard"/> and leave most answers without a body.
/// </summary>
internal static class Faults
{
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next, ILogger log)
    {
        try
        {
            await next(context);
            if (Bare(context) is { } problem) await problem.ExecuteAsync(context);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            await Problem(bad.StatusCode).ExecuteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort(); // the caller has gone: nobody is left to answer
        }
        catch (Exception fault) when (!context.Response.HasStarted)
        {
            GatewayLog.LocalRequestFailed(log, context.Request.Method, (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "?", fault);
            await Problems.Of(StatusCodes.Status500InternalServerError, "FAILED", "The gateway failed; it is in its log.").ExecuteAsync(context);
        }
    }

    // Routing answers with a status alone: no such route, not by this method, not of this media type.
    private static IResult? Bare(HttpContext context) =>
        context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null } ? Problem(context.Response.StatusCode) : null;

    private static IResult Problem(int status) => status switch
    {
        StatusCodes.Status404NotFound => Problems.Of(status, "NO_SUCH_ROUTE", "There is no such route; /openapi/v1.json describes those that there are."),
        StatusCodes.Status405MethodNotAllowed => Problems.Of(status, "METHOD", "This route is not for this method; /openapi/v1.json describes what there is."),
        StatusCodes.Status413PayloadTooLarge => Problems.Of(status, "TOO_LARGE", "The request is larger than this gateway takes."),
        StatusCodes.Status415UnsupportedMediaType => Problems.Of(status, "MEDIA_TYPE", "Send one of the media types that /openapi/v1.json names."),
        _ => Problems.Of(status, "MALFORMED", "The request cannot be read."),
    };
}
