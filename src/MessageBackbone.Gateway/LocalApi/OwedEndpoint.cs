using System.ComponentModel;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MessageBackbone.Gateway.LocalApi;

internal sealed record OwedItem(InboxItem Message, [property: Description("Absent where the node could not be asked, see node_problem.")] RequestShape? Request, string DeadlineClass);

internal sealed record OwedPage(
    [property: Description("The one that is due first comes first; clocks that stand still come last.")] IReadOnlyList<OwedItem> Owed, string NodeProblem);

/// <summary>Which answers this bureau owes, and until when. The inbox knows the requests; what became of each clock, the node is asked.</summary>
internal sealed class OwedEndpoint(GatewayParts parts)
{
    private const int MostRequests = 200, AtOnce = 8;

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/inbox/owed", Task<IResult> (HttpContext context, CancellationToken stopped) => OwedAsync(context, stopped))
        .Produces<OwedPage>().WithName("owed").WithTags("inbox").WithSummary("The answers that this bureau owes")
        .WithDescription($"Of the newest {MostRequests} requests in the inbox those whose clock is not closed. Nothing is opened by listing.");

    private async Task<IResult> OwedAsync(HttpContext context, CancellationToken cancellationToken)
    {
        await parts.Audit.RecordAsync(LocalGuard.UserOf(context), "owed", "", "read", cancellationToken);
        var requests = parts.Inbox.List(new InboxQuery(null, "request", null, null, 0, MostRequests, true))
            .Select(entry => (Entry: entry, Class: ClassOf(entry))).Where(request => request.Class.Length > 0).ToList();
        var (owed, problem) = (new List<OwedItem>(), "");
        foreach (var some in requests.Chunk(AtOnce))
        {
            // A node that does not answer once is not asked for each of them.
            var asked = problem.Length > 0 ? null : await Task.WhenAll(some.Select(request => AskAsync(request.Entry, cancellationToken)));
            problem = asked?.FirstOrDefault(answer => answer.Problem.Length > 0).Problem ?? problem;
            foreach (var (i, (entry, deadlineClass)) in some.Index())
                if (asked is null || asked[i].Problem.Length > 0 || asked[i].Request is { State: not "closed" })
                    owed.Add(new OwedItem(entry.ToShape(parts.Alike), asked?[i].Request, deadlineClass));
        }

        return Results.Ok(new OwedPage([.. owed.OrderBy(item => item.Request?.DueAt ?? DateTimeOffset.MaxValue)], problem));
    }

    private async Task<(RequestShape? Request, string Problem)> AskAsync(InboxEntry entry, CancellationToken cancellationToken)
    {
        var (tracking, problem) = await new Tracker(parts).TrackAsync(MessageId.Parse(entry.MessageId), cancellationToken);
        return (tracking?.Recipients.Select(recipient => recipient.Request).FirstOrDefault(request => request is not null), problem);
    }

    // Who gets it for information owes nothing; an alternate does, once it has it.
    private string ClassOf(InboxEntry entry)
    {
        if (entry.IsDeleted || parts.Inbox.Find(entry.MessageId) is not { } message) return "";
        var (header, self) = (Opening.Header(message), parts.Keys.Bureau.Value);
        return header.To.Contains(self) || header.Alternates.Any(alternate => alternate.Bureau == self) ? header.DeadlineClass : "";
    }
}
