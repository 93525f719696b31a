using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>What this bureau received. Each message is listed once.</summary>
internal static class InboxEndpoints
{
    private const int LongestPage = 200;

    public static void Map(IEndpointRouteBuilder routes, GatewayParts parts)
    {
        new ArrivalEndpoint(parts).Map(routes);
        new OwedEndpoint(parts).Map(routes);
        routes.MapGet("/inbox", (string? from, string? kind, string? precedence, bool? opened, int? limit, int? skip, string? order) =>
                List(parts, from, kind, precedence, opened, limit, skip, order))
            .Produces<InboxPage>().ProducesProblem(400).WithName("inbox").WithTags("inbox").WithSummary("The inbox, most urgent first")
            .WithDescription("`order=newest` lists by arrival alone. Nothing is opened by listing.");
        routes.MapGet("/inbox/{id}", (string id, HttpContext context) => DetailAsync(context, parts, id))
            .Produces<InboxDetail>().ProducesProblem(404).WithName("inbox-message").WithTags("inbox").WithSummary("The header of a received message")
            .WithDescription("The content stays sealed.");
        routes.MapPost("/inbox/{id}/open", (string id, OpenRequest request, HttpContext context) => OpenAsync(context, parts, id, request))
            .Produces<OpenedShape>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).WithName("open").WithTags("inbox").WithSummary("Open a message")
            .WithDescription("Decrypts the content. The first opening is receipted to the sender as OPENED, with the officer's pseudonym.");
    }

    private static IResult List(GatewayParts parts, string? from, string? kind, string? precedence, bool? opened, int? limit, int? skip, string? order)
    {
        var (count, over) = (limit ?? 50, skip ?? 0);
        if (count is < 1 or > LongestPage) return Problems.Invalid($"limit: 1 to {LongestPage}.", "limit");
        if (over < 0) return Problems.Invalid("skip: 0 or more.", "skip");
        if (InboxFilter.Problem(from, kind, precedence) is { } problem) return problem;
        if (order is not (null or "urgent" or "newest")) return Problems.Invalid("order: urgent or newest.", "order");
        var query = new InboxQuery(from, kind, InboxFilter.Level(precedence), opened, over, count, order == "newest");
        return Results.Ok(new InboxPage([.. parts.Inbox.List(query).Select(e => e.ToShape(parts.Alike))], parts.Inbox.CountApart()));
    }

    private static async Task<IResult> DetailAsync(HttpContext context, GatewayParts parts, string id)
    {
        if (!MessageId.TryParse(id, out var message)) return Problems.Invalid("id: a message id is a UUIDv7 in lower case.", "id");
        if (parts.Inbox.Find(message.Value) is not { } found) return Problems.NotFound("The inbox has no such message.");
        await parts.Audit.RecordAsync(LocalGuard.UserOf(context), "header", message.Value, "read", context.RequestAborted);
        return Results.Ok(new InboxDetail(found.Entry.ToShape(parts.Alike), Opening.Header(found).ToShape(), Digests.Hex(found.HeaderSha256)));
    }

    private static async Task<IResult> OpenAsync(HttpContext context, GatewayParts parts, string id, OpenRequest request)
    {
        var user = LocalGuard.UserOf(context);
        if (!MessageId.TryParse(id, out var message)) return Problems.Invalid("id: a message id is a UUIDv7 in lower case.", "id");
        if (!Patterns.IsOfficer(request.Officer)) return Problems.Invalid("officer: a pseudonym, [A-Za-z0-9._/ -]{1,64}.", "officer");
        try
        {
            var opened = await parts.Opening.OpenAsync(message, request.Officer, context.RequestAborted);
            // Recorded before anything is shown: nobody reads without a trace.
            await parts.Audit.RecordAsync(user, "open", message.Value, opened is null ? "not found" : $"opened by {request.Officer}", CancellationToken.None);
            if (opened is null) return Problems.NotFound("The inbox has no such message.");
            return Results.Ok(opened.ToShape(parts.Releasing.Of(opened), parts.Alike.Of(parts.Inbox.Find(message.Value)!.Entry)));
        }
        catch (RecalledException recalled)
        {
            await parts.Audit.RecordAsync(user, "open", message.Value, "recalled", CancellationToken.None);
            return Problems.Of(StatusCodes.Status409Conflict, Protocol.Signing.Reasons.Recalled, recalled.Message);
        }
        catch (InvalidOperationException cannot)
        {
            await parts.Audit.RecordAsync(user, "open", message.Value, "cannot open", CancellationToken.None);
            return Problems.Of(StatusCodes.Status409Conflict, Protocol.Signing.Reasons.CannotOpen, cannot.Message);
        }
    }
}
