using MessageBackbone.Gateway.Composing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>Recalls a sent message.</summary>
internal static class RecallEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, GatewayParts parts) => routes
        .MapPost("/messages/{id}/recall", (string id, RecallRequest request, HttpContext context) => RecallAsync(context, parts, id, request))
        .Produces<RecallReply>(StatusCodes.Status202Accepted).ProducesProblem(400).ProducesProblem(404).ProducesProblem(422).ProducesProblem(503)
        .WithName("recall").WithTags("messages").WithSummary("Recall a sent message")
        .WithDescription("The answer comes when the order is durable in the outbox. Copies that are not delivered stop; who holds one is asked to delete it and "
            + "answers with a signed statement: the message's own state shows who still holds it.");

    private static async Task<IResult> RecallAsync(HttpContext context, GatewayParts parts, string id, RecallRequest request)
    {
        var user = LocalGuard.UserOf(context);
        if (!MessageId.TryParse(id, out var message)) return Problems.Invalid("id: a message id is a UUIDv7 in lower case.", "id");
        if (request.Reason is null || request.To is null || request.Precedence is null || request.To.Contains(null!))
            return Problems.Invalid("null stands where a text or a list is wanted.");
        Precedence? precedence = null;
        if (request.Precedence.Length > 0)
        {
            if (!EnumNames.TryParse<Precedence>(request.Precedence, out var told))
                return Problems.Invalid($"precedence: one of {string.Join(", ", EnumNames.All<Precedence>())}.", "precedence");
            precedence = told;
        }
        if (parts.Outbox.Find(message.Value) is not { } sent) return Problems.NotFound("The outbox has no such message.");
        try
        {
            var order = await parts.Recalling.OrderAsync(sent, request.Reason, request.To, precedence, user);
            await parts.Audit.RecordAsync(user, "recall", message.Value, $"ordered with {order.OrderId}", CancellationToken.None);
            return Results.Accepted($"/messages/{message}", new RecallReply(message.Value, order.OrderId, order.Recipients, $"/messages/{message}"));
        }
        catch (DraftRefusedException refused)
        {
            await parts.Audit.RecordAsync(user, "recall", message.Value, refused.Reason, CancellationToken.None);
            return Problems.Of(refused);
        }
    }
}
