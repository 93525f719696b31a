using Grpc.Core;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>Subscriptions, the gateway's own state, and health.</summary>
internal static class StatusEndpoints
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(10);

    public static void Map(IEndpointRouteBuilder routes, GatewayParts parts)
    {
        routes.MapPost("/subscriptions/{topic}", (string topic, HttpContext context) => SubscribeAsync(context, parts, topic, wanted: true))
            .Produces<SubscriptionReply>().ProducesProblem(400).ProducesProblem(422).ProducesProblem(503).WithName("subscribe").WithTags("subscriptions")
            .WithSummary("Subscribe to a topic").WithDescription("Only topics that the secretariat opened to this bureau.");
        routes.MapDelete("/subscriptions/{topic}", (string topic, HttpContext context) => SubscribeAsync(context, parts, topic, wanted: false))
            .Produces<SubscriptionReply>().ProducesProblem(400).ProducesProblem(422).ProducesProblem(503).WithName("unsubscribe").WithTags("subscriptions")
            .WithSummary("End a subscription");
        routes.MapGet("/status", () => Results.Ok(Status(parts)))
            .Produces<StatusReply>().WithName("status").WithTags("status").WithSummary("How the gateway does");
        routes.MapGet("/health/live", () => Results.Ok(new HealthReply("ok", new Dictionary<string, bool>(StringComparer.Ordinal))))
            .Produces<HealthReply>().WithName("live").WithTags("status").WithSummary("The process answers; needs no token");
        routes.MapGet("/health/ready", () => Ready(parts))
            .Produces<HealthReply>().Produces<HealthReply>(StatusCodes.Status503ServiceUnavailable).WithName("ready").WithTags("status")
            .WithSummary("Messages can be sent and received now; needs no token");
    }

    private static async Task<IResult> SubscribeAsync(HttpContext context, GatewayParts parts, string topic, bool wanted)
    {
        if (!Patterns.IsTopic(topic)) return Problems.Invalid("topic: [a-z][a-z0-9.-]{0,63}.", "topic");
        var user = LocalGuard.UserOf(context);
        var action = wanted ? "subscribe" : "unsubscribe";
        try
        {
            var position = await AskAsync(parts, topic, wanted, context.RequestAborted);
            await parts.Audit.RecordAsync(user, action, topic, "done", CancellationToken.None);
            return Results.Ok(new SubscriptionReply(topic, position));
        }
        catch (RpcException fault)
        {
            await parts.Audit.RecordAsync(user, action, topic, Connecting.NodeRefusal.Of(fault)?.Reason ?? fault.StatusCode.ToString(), CancellationToken.None);
            return Problems.Of(fault);
        }
    }

    private static async Task<ulong> AskAsync(GatewayParts parts, string topic, bool wanted, CancellationToken cancellationToken)
    {
        var deadline = parts.Clock.GetUtcNow().UtcDateTime + _timeout;
        var directory = parts.Node.Directory;
        return wanted
            ? (await directory.SubscribeAsync(new SubscribeRequest { Topic = topic }, deadline: deadline, cancellationToken: cancellationToken)).Position
            : (await directory.UnsubscribeAsync(new UnsubscribeRequest { Topic = topic }, deadline: deadline, cancellationToken: cancellationToken)).Position;
    }

    private static StatusReply Status(GatewayParts parts)
    {
        var (copy, keys, options) = (parts.Directory.Copy, parts.Keys.Keys, parts.Options);
        var (shown, unopened) = parts.Inbox.Count();
        return new StatusReply(
            parts.Keys.Bureau.Value, options.Node, parts.Attendance.Attending, parts.Attendance.LastEnd,
            new OutboxStatus(parts.Queue.Messages, parts.Queue.Bytes, options.OutboxMessages, options.OutboxBytes, parts.Sender.InFlight, parts.Sender.Trouble),
            new InboxStatus(shown, unopened, parts.Receipts.CountToSend(), parts.Inbox.CountApart()),
            new DirectoryStatus(copy.Position, parts.Follower.Following, copy.Bureaus.Count,
                [.. copy.Topics.Values.Where(t => t.Subscribers.Contains(parts.Keys.Bureau.Value)).Select(t => t.Topic).Order(StringComparer.Ordinal)],
                [.. copy.Bureaus.Values.SelectMany(b => b.KeptOut.Select(k => new KeptOutShape(b.Code, k.Sha256, k.Problem)))]),
            new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal)
            {
                ["tls"] = End(keys.Tls),
                ["sign"] = End(keys.Sign!),
                ["seal"] = End(keys.Seal!),
            });
    }

    private static DateTimeOffset End(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate) => new(certificate.NotAfter.ToUniversalTime());

    private static IResult Ready(GatewayParts parts)
    {
        var checks = new Dictionary<string, bool>(StringComparer.Ordinal)
        {
            ["attending"] = parts.Attendance.Attending || parts.Options.WithoutLine,
            ["directory"] = parts.Directory.Known.IsCompletedSuccessfully,
            ["outbox"] = parts.Queue.Messages < parts.Options.OutboxMessages,
        };
        var ready = checks.Values.All(good => good);
        return Results.Json(new HealthReply(ready ? "ok" : "not ready", checks), statusCode: ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
