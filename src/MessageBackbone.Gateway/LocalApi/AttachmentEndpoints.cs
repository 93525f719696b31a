using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>Files beside messages: handed in before the message, given out after it was opened. Both stream; neither is ever whole in memory.</summary>
internal static class AttachmentEndpoints
{
    /// <summary>SHA-256 of the file that is given out, in lower-case hexadecimal.</summary>
    public const string DigestHeader = "Backbone-Plain-Sha256";

    public static void Map(IEndpointRouteBuilder routes, GatewayParts parts)
    {
        routes.MapPost("/attachments", Task<IResult> (HttpContext context, string name, string? media_type) => StageAsync(context, parts, name, media_type))
            .Accepts<Stream>("application/octet-stream").Produces<AttachmentReply>(StatusCodes.Status201Created).ProducesProblem(400).ProducesProblem(413).ProducesProblem(503)
            .WithName("attach").WithTags("messages").WithSummary("Hand in a file that goes with a message")
            .WithDescription("The body is the file. It is encrypted as it comes; the answer comes when it is on disk. Name its token in `attachments` of a message within a day.");
        routes.MapGet("/inbox/{id}/attachments", Task<IResult> (string id, HttpContext context) => ListAsync(context, parts, id))
            .Produces<AttachmentsReply>().ProducesProblem(404).ProducesProblem(409).WithName("attachments").WithTags("inbox")
            .WithSummary("The files of an opened message, and how much of each is here");
        routes.MapGet("/inbox/{id}/attachments/{sha256}", Task<IResult> (string id, string sha256, HttpContext context) => ReleaseAsync(context, parts, id, sha256))
            .Produces<Stream>(200, "application/octet-stream").ProducesProblem(404).ProducesProblem(409).WithName("attachment").WithTags("inbox")
            .WithSummary("A file that came with an opened message")
            .WithDescription($"Given out after both of its hashes matched. {DigestHeader} is the SHA-256 of the file. NOT_OPENED, NOT_HERE_YET: open the message first, ask again later.");
    }

    private static async Task<IResult> StageAsync(HttpContext context, GatewayParts parts, string name, string? mediaType)
    {
        var user = LocalGuard.UserOf(context);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = parts.Options.MaxAttachment;
        try
        {
            var staged = await parts.Staging.StageAsync(context.Request.Body, name, mediaType ?? "application/octet-stream", context.RequestAborted);
            var sha256 = ShapeMapping.Hex(staged.Key.Sha256);
            await parts.Audit.RecordAsync(user, "attach", sha256, "kept", CancellationToken.None);
            return Results.Json(new AttachmentReply(staged.ToToken(), name, staged.MediaType, staged.Size, sha256), statusCode: StatusCodes.Status201Created);
        }
        catch (DraftRefusedException refused)
        {
            await parts.Audit.RecordAsync(user, "attach", "", refused.Reason, CancellationToken.None);
            return Problems.Of(refused);
        }
    }

    private static async Task<IResult> ListAsync(HttpContext context, GatewayParts parts, string id)
    {
        var user = LocalGuard.UserOf(context);
        if (!MessageId.TryParse(id, out var message)) return Problems.Invalid("id: a message id is a UUIDv7 in lower case.", "id");
        if (parts.Inbox.Find(message.Value) is null) return Problems.NotFound("The inbox has no such message.");
        try
        {
            if (parts.Opening.OpenedBefore(message) is not { } opened) return NotOpened();
            // The names of files are content.
            await parts.Audit.RecordAsync(user, "attachments", message.Value, "read", CancellationToken.None);
            return Results.Ok(new AttachmentsReply([.. parts.Releasing.Of(opened).Select(one => one.ToShape())]));
        }
        catch (InvalidOperationException cannot)
        {
            await parts.Audit.RecordAsync(user, "attachments", message.Value, ReasonOf(cannot), CancellationToken.None);
            return CannotRead(cannot);
        }
    }

    private static string ReasonOf(InvalidOperationException cannot) => cannot is RecalledException ? Reasons.Recalled : Reasons.CannotOpen;

    private static IResult CannotRead(InvalidOperationException cannot) => Problems.Of(StatusCodes.Status409Conflict, ReasonOf(cannot), cannot.Message);

    private static IResult NotOpened() =>
        Problems.Of(StatusCodes.Status409Conflict, "NOT_OPENED", "Open the message first: its sender is told, and the keys of its files are inside.");

    private static async Task<IResult> ReleaseAsync(HttpContext context, GatewayParts parts, string id, string sha256)
    {
        if (!MessageId.TryParse(id, out var message)) return Problems.Invalid("id: a message id is a UUIDv7 in lower case.", "id");
        if (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigitLower)) return Problems.Invalid("sha256: 64 hexadecimal digits in lower case.", "sha256");
        if (parts.Inbox.Find(message.Value) is null) return Problems.NotFound("The inbox has no such message.");
        try
        {
            if (parts.Opening.OpenedBefore(message) is not { } opened)
                return NotOpened();
            var verified = await parts.Releasing.VerifyAsync(opened, Convert.FromHexString(sha256), context.RequestAborted);
            // Recorded before anything is given out: nobody reads without a trace.
            await parts.Audit.RecordAsync(LocalGuard.UserOf(context), "attachment", $"{message.Value} {sha256}", "given out", CancellationToken.None);
            return new Given(verified);
        }
        catch (NotReleasedException not)
        {
            await parts.Audit.RecordAsync(LocalGuard.UserOf(context), "attachment", $"{message.Value} {sha256}", not.Reason, CancellationToken.None);
            return not.Reason == Reasons.UnknownMessage ? Problems.NotFound(not.Message) : Problems.Of(StatusCodes.Status409Conflict, not.Reason, not.Message);
        }
        catch (InvalidOperationException cannot)
        {
            await parts.Audit.RecordAsync(LocalGuard.UserOf(context), "attachment", $"{message.Value} {sha256}", ReasonOf(cannot), CancellationToken.None);
            return CannotRead(cannot);
        }
    }

    private sealed class Given(VerifiedAttachment attachment) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = "application/octet-stream";
            httpContext.Response.ContentLength = attachment.Size;
            httpContext.Response.Headers[DigestHeader] = attachment.PlainSha256;
            return attachment.WriteToAsync(httpContext.Response.Body, httpContext.RequestAborted);
        }
    }
}
