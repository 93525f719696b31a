using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Exchanging;

namespace MessageBackbone.Cli.Demo;

/// <summary>What the inboxes show, asked as an officer's program asks: by the gateways' local API.</summary>
internal static class DemoInboxes
{
    private const int Page = 200;

    /// <summary>How often each delivery is listed.</summary>
    public static async Task<Dictionary<(string Id, string Bureau), int>> ListAsync(DemoFile demo, TimeProvider clock, CancellationToken stop)
    {
        var shown = new Dictionary<(string, string), int>();
        foreach (var (bureau, gateway) in demo.Gateways)
        {
            using var api = LocalApiClient.Open(GatewayAccess.Of(gateway), clock);
            for (var (skip, more) = (0, true); more; skip += Page)
            {
                var page = (await api.GetAsync($"/inbox?order=newest&limit={Page}&skip={skip}", stop)).As<InboxPage>();
                foreach (var item in page.Messages) shown[(item.MessageId, bureau)] = shown.GetValueOrDefault((item.MessageId, bureau)) + 1;
                more = page.Messages.Count == Page;
            }
        }
        return shown;
    }
}
