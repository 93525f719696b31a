using MessageBackbone.Gateway.Inbox;
using MessageBackbone.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>What comes into the inbox, as it comes: a long poll, because every HTTP client can do one and a lost answer is asked for again.</summary>
internal sealed class ArrivalEndpoint(GatewayParts parts)
{
    private const int LongestPage = 200;
    private const int LongestWait = 60;
    private const int UsualWait = 30;

    // Waiting requests hold a place among all local requests: a quarter at most, so that followers cannot keep others from sending.
    private readonly int _mostWaiting = Math.Max(1, parts.Options.LocalRequests / 4);
    private int _waiting;

    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/inbox/arrivals", (long? after, string? from, string? kind, string? precedence, int? limit, int? wait, HttpContext context) =>
                ListAsync(context, after, from, kind, precedence, limit ?? 50, wait ?? UsualWait))
            .Produces<ArrivalsPage>().ProducesProblem(400).ProducesProblem(503).WithName("arrivals").WithTags("inbox")
            .WithSummary("New messages, as they come")
            .WithDescription(
                "Without `after`: answers at once with no message and the number to begin with. With it: the messages that came since, in the order "
                + "in which they came, or, when there are none, waits for the first. "
                + $"`wait` is the longest wait in seconds, 0 to {LongestWait}, default {UsualWait}. Ask again "
                + "with the number of the answer; it stays good over restarts of the gateway. Nothing is opened by listing.");

    private async Task<IResult> ListAsync(
        HttpContext context, long? after, string? from, string? kind, string? precedence, int limit, int wait)
    {
        if (limit is < 1 or > LongestPage) return Problems.Invalid($"limit: 1 to {LongestPage}.", "limit");
        if (wait is < 0 or > LongestWait) return Problems.Invalid($"wait: 0 to {LongestWait} seconds.", "wait");
        if (after < 0) return Problems.Invalid("after: the number of the last answer.", "after");
        if (InboxFilter.Problem(from, kind, precedence) is { } problem) return problem;
        if (after is not { } start) return Results.Ok(new ArrivalsPage([], parts.Inbox.LastRow()));
        var query = new InboxQuery(from, kind, InboxFilter.Level(precedence), Limit: limit);
        // Another number than any that was handed out: the store was set back to a copy. What came since then is new.
        start = Math.Min(start, parts.Inbox.LastRow());
        if (wait == 0) return Results.Ok(Page(query, start));
        try
        {
            if (Interlocked.Increment(ref _waiting) <= _mostWaiting)
                return Results.Ok(await WaitAsync(query, start, TimeSpan.FromSeconds(wait), context));
            context.Response.Headers.RetryAfter = "5";
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "BUSY", "Too many wait for new messages: ask again later, or with wait=0.");
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<ArrivalsPage> WaitAsync(InboxQuery query, long after, TimeSpan patience, HttpContext context)
    {
        // A gateway that stops answers what is there, so that its stop waits for nobody.
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var timeout = new CancellationTokenSource(patience, parts.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping, context.RequestAborted);
        // Not disposed: an arrival that is being told may release it after this request has ended, and must not fail for that.
        var signal = new SemaphoreSlim(0);
        using var watching = parts.Observers.Add(happened =>
        {
            if (happened is GatewayEvent.Received { Outcome: DeliveryOutcome.Delivered, Repeated: false }) signal.Release();
        });
        while (true)
        {
            var page = Page(query, after);
            if (page.Messages.Count > 0 || either.IsCancellationRequested) return page;
            await signal.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private ArrivalsPage Page(InboxQuery query, long after)
    {
        var (entries, next) = parts.Inbox.ListAfter(after, query);
        return new ArrivalsPage([.. entries.Select(e => e.ToShape(parts.Alike))], next);
    }
}
