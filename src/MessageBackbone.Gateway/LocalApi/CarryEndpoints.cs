using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>Carry files, for a bureau without a line.</summary>
internal static class CarryEndpoints
{
    private const string FileType = "application/octet-stream";

    public static void Map(IEndpointRouteBuilder routes, GatewayParts parts, ILogger log)
    {
        routes.MapPost("/carry/export", (int? most, long? bytes, long? again, HttpContext context) => ExportAsync(context, parts, log, most ?? 0, bytes ?? 0, again ?? 0))
            .Produces<CarryShape>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(503).WithName("carry-export").WithTags("carry")
            .WithSummary("Write the next carry file to the node")
            .WithDescription("Receipts and messages that the node has not answered, the most urgent first. They wait on until the answer is imported. Fetch the file by its number. "
                + "`again` writes nothing and tells of the file of that number.");
        routes.MapGet("/carry/files/{number}", (long number, HttpContext context) => FileAsync(context, parts, number))
            .Produces(200, contentType: FileType).ProducesProblem(404).WithName("carry-file").WithTags("carry").WithSummary("A carry file to the node")
            .WithDescription("The same bytes at each call, until the node has said that it took the file.");
        routes.MapPost("/carry/import", (bool? check, bool? accept_gap, HttpContext context) => ImportAsync(context, parts, log, check ?? false, accept_gap ?? false))
            .Accepts<byte[]>(FileType).Produces<CarryShape>().ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(503).WithName("carry-import").WithTags("carry")
            .WithSummary("Take a carry file of the node")
            .WithDescription("Nothing of it is done before all of it is verified. `check` only tells what is in it; `accept_gap` takes one that is not the next.");
    }

    private static async Task<IResult> ExportAsync(HttpContext context, GatewayParts parts, ILogger log, int most, long bytes, long again)
    {
        if (again > 0) return await parts.Carry.DescribeAsync(again, context.RequestAborted) is { } kept ? Results.Ok(kept.ToShape()) : NotKept();
        if (most < 0) return Problems.Invalid("most: 0 or more.", "most");
        if (bytes < 0) return Problems.Invalid("bytes: 0 or more.", "bytes");
        try
        {
            var summary = await parts.Carry.WriteAsync(most, bytes, context.RequestAborted);
            await parts.Audit.RecordAsync(LocalGuard.UserOf(context), "carry-export", $"{summary.Number}", "written", CancellationToken.None);
            return Results.Ok(summary.ToShape());
        }
        catch (Exception fault) when (IsOfTheStore(fault))
        {
            GatewayLog.CarryNotWritten(log, fault);
            await parts.Audit.RecordAsync(LocalGuard.UserOf(context), "carry-export", "", "held up", CancellationToken.None);
            return HeldUp(fault, "No file was written; everything waits on. Write it again.");
        }
    }

    private static async Task<IResult> FileAsync(HttpContext context, GatewayParts parts, long number)
    {
        if (parts.Carry.Again(number) is not { } file) return NotKept();
        await parts.Audit.RecordAsync(LocalGuard.UserOf(context), "carry-file", $"{number}", "read", context.RequestAborted);
        return Results.Stream(file, FileType);
    }

    private static IResult NotKept() => Problems.Of(
        StatusCodes.Status404NotFound, Reasons.FieldInvalid, "This file is not kept: there is none yet, or the node has taken it. What still waits is in the next file.", ["number"]);

    private static async Task<IResult> ImportAsync(HttpContext context, GatewayParts parts, ILogger log, bool check, bool acceptGap)
    {
        if (context.Request.ContentType != FileType) return Problems.Of(StatusCodes.Status415UnsupportedMediaType, "MEDIA_TYPE", $"Send the file as {FileType}.");
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = CarryFile.LargestFile;
        var user = LocalGuard.UserOf(context);
        try
        {
            var summary = await parts.Carry.TakeAsync(context.Request.Body, check, acceptGap, context.RequestAborted);
            var outcome = check ? "checked" : summary.AlreadyImported ? "taken before" : acceptGap ? "taken, gaps accepted" : "taken";
            await parts.Audit.RecordAsync(user, "carry-import", $"{summary.Number}", outcome, CancellationToken.None);
            return Results.Ok(summary.ToShape());
        }
        catch (CarryFileException wrong)
        {
            await parts.Audit.RecordAsync(user, "carry-import", "", wrong.Reason, CancellationToken.None);
            return Problems.Of(wrong.Reason == Reasons.TooLarge ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status422UnprocessableEntity, wrong.Reason, wrong.Message);
        }
        catch (Exception fault) when (fault is Receiving.QuarantineHaltedException || IsOfTheStore(fault))
        {
            // What was stored of it stays; the file is not taken.
            GatewayLog.CarryHeldUp(log, fault);
            await parts.Audit.RecordAsync(user, "carry-import", "", "held up", CancellationToken.None);
            return HeldUp(fault, "Import the same file again.");
        }
    }

    // What the server itself throws when the caller's bytes cannot be read is an IOException too.
    private static bool IsOfTheStore(Exception fault) => fault is SqliteException or IOException and not BadHttpRequestException and not ConnectionResetException;

    private static IResult HeldUp(Exception fault, string next)
    {
        var why = fault switch
        {
            DiskKeptFreeException => "The gateway's disk does not take the file: FreeDiskKept stays free. Make room.",
            IOException => "The gateway's disk does not take the file; it is in its log. Make room.",
            _ => "The gateway cannot store or process what is in the file now; it is in its log.",
        };
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, Reasons.StoreUnavailable, $"{why} {next}");
    }
}
