using System.Globalization;
using System.Text.Json;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>The inbox on a screen that stays: what is there, then each message as it comes, also over a gateway's restart.</summary>
internal sealed class InboxFollowing(Session session, LocalApiClient gateway, string list, string filter)
{
    private static readonly TimeSpan _wait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    /// <summary>Until Ctrl-C, which is how following ends and no failure. A gateway that cannot be reached at the beginning is one.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            // The number first: what comes while the list is read stands in both answers rather than in none, and the list's ids tell.
            var after = (await gateway.GetAsync("/inbox/arrivals", stop)).As<Arrivals>().After;
            var listed = Print(await gateway.GetAsync(list, stop), []);
            while (true)
            {
                var answer = await NextAsync(after, stop);
                Print(answer, listed);
                after = answer.As<Arrivals>().After;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            session.Print.Note("Stopped.");
        }
    }

    private async Task<JsonElement> NextAsync(long after, CancellationToken stop)
    {
        var path = $"/inbox/arrivals?after={after.ToString(CultureInfo.InvariantCulture)}&wait={_wait.TotalSeconds:0}{filter}";
        for (var pause = _firstPause; ; pause = pause * 2 < _longestPause ? pause * 2 : _longestPause)
        {
            try
            {
                return await gateway.WaitAsync(path, _wait, stop);
            }
            catch (GatewayUnreachableException away)
            {
                session.Print.Note($"{away.Message} Asking again in {pause.TotalSeconds:0} s.");
            }
            await Task.Delay(pause, session.Shell.Clock, stop);
        }
    }

    /// <summary>Prints those whose ids are not among these, and returns the ids of all.</summary>
    private HashSet<string> Print(JsonElement answer, HashSet<string> printed)
    {
        var messages = answer.GetProperty("messages").EnumerateArray().Select(m => (Whole: m, Item: m.As<InboxItem>())).ToList();
        foreach (var (whole, item) in messages.Where(m => !printed.Contains(m.Item.MessageId)))
        {
            if (session.Print.Json) session.Print.DataLine(whole);
            else session.Print.LiveLine(Line(item));
        }
        return [.. messages.Select(m => m.Item.MessageId)];
    }

    private static string Line(InboxItem item)
    {
        var besides = (item.Exercise ? " exercise" : "") + (item.Topic.Length > 0 ? $" topic {item.Topic}" : "")
            + (item.Reference.Length > 0 ? $" reference {item.Reference}" : "") + (item.OpenedAt is null ? "" : " (opened)");
        return Plain.Line($"{Plain.Time(item.ReceivedAt)}  {item.MessageId}  {item.From,-8} {item.Precedence,-9} {item.Kind}{besides}");
    }
}
