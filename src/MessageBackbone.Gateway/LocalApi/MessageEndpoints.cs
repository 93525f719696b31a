using Grpc.Core;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>What this bureau sends, and what became of it.</summary>
internal static class MessageEndpoints
{
    private const int LongestPage = 200;

    public static void Map(IEndpointRouteBuilder routes, GatewayParts parts)
    {
        RecallEndpoint.Map(routes, parts);
        routes.MapPost("/messages", Task<IResult> (HttpContext context, CancellationToken stopped) => SendAsync(context, parts, stopped))
            .Accepts<SendRequest>("application/json", "multipart/form-data").Produces<SendReply>(StatusCodes.Status202Accepted).ProducesProblem(400).ProducesProblem(401)
            .ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(503).WithName("send").WithTags("messages").WithSummary("Send a message")
            .WithDescription("The answer comes when the message is durable in the outbox; it is submitted when the node can be reached. "
                + "As a form: the same names as fields, `handling.` as prefix, and one file `file`.");
        routes.MapPost("/messages/{id}/resend", (string id, ResendRequest request, HttpContext context) => ResendAsync(context, parts, id, request))
            .Produces<SendReply>(StatusCodes.Status202Accepted).ProducesProblem(400).ProducesProblem(401).ProducesProblem(404).ProducesProblem(422)
            .ProducesProblem(503).WithName("resend").WithTags("messages").WithSummary("Send a sent message to another bureau as well")
            .WithDescription("The same content, reference, conversation and precedence under a new id, sealed for that bureau alone.");
        routes.MapGet("/messages", (long? before, int? limit) => List(parts, before, limit))
            .Produces<SentPage>().ProducesProblem(400).WithName("sent").WithTags("messages").WithSummary("Sent messages, newest first");
        routes.MapGet("/messages/{id}", (string id, HttpContext context) => StatusAsync(context, parts, id))
            .Produces<MessageStatus>().ProducesProblem(404).WithName("message").WithTags("messages").WithSummary("What became of a message")
            .WithDescription("The outbox's state, and each recipient's with its receipts, verified here. Also for received messages: then only this bureau's own state.");
    }

    private static async Task<IResult> SendAsync(HttpContext context, GatewayParts parts, CancellationToken stopped)
    {
        var user = LocalGuard.UserOf(context);
        try
        {
            var draft = await ReadAsync(context, parts.Options);
            if (draft is null)
                return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "MEDIA_TYPE", "Send application/json or multipart/form-data.");
            var id = await parts.Posting.SendAsync(draft, user, stopped);
            await parts.Audit.RecordAsync(user, "send", id.Value, "queued", CancellationToken.None);
            return Results.Accepted($"/messages/{id}", new SendReply(id.Value, $"/messages/{id}", parts.Alike.Of(parts.Outbox.Find(id.Value)!)));
        }
        catch (DraftRefusedException refused)
        {
            await parts.Audit.RecordAsync(user, "send", "", refused.Reason, CancellationToken.None);
            return Problems.Of(refused);
        }
        catch (RpcException fault)
        {
            return Problems.Of(fault);
        }
    }

    private static async Task<IResult> ResendAsync(HttpContext context, GatewayParts parts, string id, ResendRequest request)
    {
        var user = LocalGuard.UserOf(context);
        if (!MessageId.TryParse(id, out var message)) return Problems.Invalid("id: a message id is a UUIDv7 in lower case.", "id");
        if (!BureauCode.TryParse(request.To, out var to)) return Problems.Invalid("to: a bureau code.", "to");
        if (parts.Outbox.Find(message.Value) is not { State: Outbox.OutboxState.Accepted } sent)
            return Problems.NotFound("The outbox has no such message that the node accepted.");
        try
        {
            var again = await parts.Posting.ResendAsync(sent, to.Value, user);
            await parts.Audit.RecordAsync(user, "resend", message.Value, again.Value, CancellationToken.None);
            return Results.Accepted($"/messages/{again}", new SendReply(again.Value, $"/messages/{again}", null));
        }
        catch (DraftRefusedException refused)
        {
            await parts.Audit.RecordAsync(user, "resend", message.Value, refused.Reason, CancellationToken.None);
            return Problems.Of(refused);
        }
    }

    private static async Task<Draft?> ReadAsync(HttpContext context, GatewayOptions options)
    {
        if (context.Request.HasFormContentType) return await DraftReading.ReadFormAsync(context.Request, LocalServer.LargestRequest(options), context.RequestAborted);
        if (!context.Request.HasJsonContentType()) return null;
        try
        {
            var request = await context.Request.ReadFromJsonAsync<SendRequest>(context.RequestAborted)
                ?? throw new DraftRefusedException(Reasons.FieldInvalid, "The request is empty.", []);
            return DraftReading.Read(NotNull(request));
        }
        catch (System.Text.Json.JsonException fault)
        {
            // The path names a field of the request; the parser's own text could repeat content.
            throw new DraftRefusedException(Reasons.FieldInvalid, $"The request is not the JSON of the description, at {Path(fault)}.", [Path(fault)]);
        }
    }

    private static string Path(System.Text.Json.JsonException fault) =>
        fault.Path is { Length: > 0 and < 100 } path && path.All(c => char.IsAsciiLetterOrDigit(c) || c is '$' or '.' or '_' or '[' or ']') ? path : "$";

    // JSON null in place of a text or list: the records' types cannot refuse it.
    private static SendRequest NotNull(SendRequest request)
    {
        var handling = request.Handling;
        var whole = request is
        {
            To: not null, Info: not null, Alternates: not null, Topic: not null, Precedence: not null, Kind: not null, Subject: not null, Text: not null, Reference: not null,
            Language: not null, InReplyTo: not null, Conversation: not null, DeadlineClass: not null, Form: not null, Attachments: not null,
        };
        whole &= request.File is null or { Name: not null, Data: not null };
        whole &= handling is null or { Classification: not null, Codes: not null, Purpose: not null, LegalBasis: not null, Note: not null };
        whole &= request.Alternates?.All(a => a is { InsteadOf: not null, Bureau: not null }) == true;
        IEnumerable<string?> listed = [.. request.To ?? [], .. request.Info ?? [], .. handling?.Codes ?? [], .. request.Attachments ?? []];
        if (!whole || listed.Contains(null))
            throw new DraftRefusedException(Reasons.FieldInvalid, "null stands where a text or a list is wanted.", []);
        return request;
    }

    private static Dictionary<string, KnownDelivery> Known(TrackingShape? tracking) => (tracking?.Recipients ?? [])
        .DistinctBy(r => r.Recipient, StringComparer.Ordinal).ToDictionary(
            r => r.Recipient,
            r => new KnownDelivery(r.State == EnumNames.Of(DeliveryState.Recalled), MayBeThere(r)),
            StringComparer.Ordinal);

    // A receipt that does not verify proves nothing, but a message that was receipted was handed out.
    private static bool MayBeThere(RecipientShape recipient)
    {
        var refused = recipient.Receipts is [.., { Verified: true } last] && last.Outcome == EnumNames.Of(DeliveryOutcome.Refused);
        return !refused && (recipient.Attempts > 0 || recipient.Receipts.Count > 0);
    }

    private static IResult List(GatewayParts parts, long? before, int? limit)
    {
        var count = limit ?? 50;
        if (count is < 1 or > LongestPage) return Problems.Invalid($"limit: 1 to {LongestPage}.", "limit");
        var entries = parts.Outbox.List(before ?? long.MaxValue, count);
        return Results.Ok(new SentPage([.. entries.Select(e => e.ToShape())], entries.Count == count ? entries[^1].Row : null));
    }

    private static async Task<IResult> StatusAsync(HttpContext context, GatewayParts parts, string id)
    {
        if (!MessageId.TryParse(id, out var message)) return Problems.Invalid("id: a message id is a UUIDv7 in lower case.", "id");
        var entry = parts.Outbox.Find(message.Value);
        var received = entry is null ? parts.Inbox.Find(message.Value)?.Entry : null;
        if (entry is null && received is null) return Problems.NotFound("Neither outbox nor inbox has such a message.");
        await parts.Audit.RecordAsync(LocalGuard.UserOf(context), "status", message.Value, "read", context.RequestAborted);
        if (entry is { State: Outbox.OutboxState.Refused or Outbox.OutboxState.Replaced })
            return Results.Ok(new MessageStatus(entry.ToShape(), null, "", [], [], null));
        var (tracking, problem) = await new Tracker(parts).TrackAsync(message, context.RequestAborted);
        var reports = entry is null ? [] : parts.NonDeliveries.Of(entry);
        return Results.Ok(new MessageStatus(
            entry?.ToShape(), tracking, problem, [.. reports.Select(r => new NotDeliveredShape(r.Recipient, r.Reason, r.At, r.ReportId))],
            entry is null ? [] : [.. parts.Holders.Of(entry, Known(tracking)).Select(h => h.ToShape())],
            entry is null ? parts.Alike.Of(received!) : parts.Alike.Of(entry)));
    }
}
