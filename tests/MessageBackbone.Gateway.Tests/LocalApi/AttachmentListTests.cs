using MessageBackbone.Gateway.LocalApi;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Node.Tests.Routing;

namespace MessageBackbone.Gateway.Tests.LocalApi;

/// <summary>The names of a message's files are content: read by nobody without a trace, and by nobody any more once it was recalled.</summary>
public sealed class AttachmentListTests
{
    [Fact]
    public async Task A_list_of_files_leaves_a_trace_and_is_refused_once_the_message_was_recalled()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var (france, germany) = (await house.AttendAsync("FR"), await house.AttendAsync("DE"));
        using LocalClient fr = new(france), de = new(germany);
        var id = await france.SendAsync("DE");
        await france.AcceptedAsync(id);
        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message == id);
        Assert.Equal(200, (await de.PostAsync($"/inbox/{id}/open", new { officer = "o-1" })).Status);

        Assert.Equal(200, (await de.GetAsync($"/inbox/{id}/attachments")).Status);

        Assert.Equal("read", OutcomeOf(germany, id.Value));
        Assert.Equal(202, (await fr.PostAsync($"/messages/{id}/recall", new { reason = "SENT_IN_ERROR" })).Status);
        await Eventually.TrueAsync("its content is deleted", () => germany.Parts.Inbox.Find(id.Value)!.Entry.IsDeleted);
        foreach (var path in new[] { "", $"/{new string('a', 64)}" })
        {
            var gone = await de.GetAsync($"/inbox/{id}/attachments{path}");
            Assert.Equal((409, "RECALLED"), (gone.Status, gone.Reason));
        }
        Assert.Equal("RECALLED", OutcomeOf(germany, id.Value));
    }

    private static string OutcomeOf(RunningGateway gateway, string id) =>
        gateway.Parts.Audit.Read(10).First(row => row is { Action: "attachments" } && row.Subject == id).Outcome;
}
