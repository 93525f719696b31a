using System.CommandLine;
using System.Text.Json;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>What became of a message, recipient by recipient; each receipt was verified by the bureau's own gateway.</summary>
internal static class TrackCommand
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(5);

    // QUARANTINED is not final: somebody looks at it and lets it through or refuses it.
    private static readonly string[] _open = [Choice.Show(DeliveryState.Waiting), Choice.Show(DeliveryState.Quarantined)];
    private static readonly string _redirected = Choice.Show(DeliveryState.Redirected);
    private static readonly string[] _good = [Choice.Show(DeliveryState.Delivered), Choice.Show(DeliveryState.Opened)];

    public static Command Create(Shell shell)
    {
        var id = ExchangeCommands.IdArgument();
        return new DocumentedCommand("track",
                "What became of a message: the outbox's state, and each recipient's with its signed receipts; of a recalled one, who still holds it. "
                + "Of a received message, this bureau's own state.",
                "backbone track 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55 --as FR", "backbone track 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55 --as FR --json")
            .With([id, .. GatewayAccess.Options, CommonOptions.Json])
            .Does(shell, async (session, stop) =>
            {
                var asked = ExchangeCommands.ReadId(session.Get(id), "ID");
                using var gateway = LocalApiClient.Open(session);
                Print(session, asked, await AskAsync(gateway, asked, stop));
            });
    }

    /// <summary>Asks again, ever more seldom, until nothing more is to come; then prints it. Exit code 1 when somebody did not get it.</summary>
    public static async Task WaitAsync(Session session, LocalApiClient gateway, string id, CancellationToken stop)
    {
        var told = "";
        for (var pause = _firstPause; ; pause = pause * 1.5 < _longestPause ? pause * 1.5 : _longestPause)
        {
            var answer = await AskAsync(gateway, id, stop);
            var status = answer.As<MessageStatus>();
            if (status.Sent is { ReplacedBy.Length: > 0 } replaced)
            {
                id = ExchangeCommands.ReadId(replaced.ReplacedBy, "in the gateway's answer");
                session.Print.Note($"It goes on as {id}: {Plain.Line(replaced.Reason)}.");
            }
            else if (IsOver(status))
            {
                Print(session, id, answer);
                // Who was redirected has an alternate, whose state counts in its place.
                session.ExitCode = status.Tracking?.Recipients.All(r => _good.Contains(r.State) || r.State == _redirected) == true ? 0 : 1;
                return;
            }
            if (status.NodeProblem is { Length: > 0 } problem && problem != told)
                session.Print.Note($"The node cannot be asked ({Plain.Line(told = problem)}); the message waits in the outbox.");
            await Task.Delay(pause, session.Shell.Clock, stop);
        }
    }

    private static bool IsOver(MessageStatus status) =>
        status.Sent?.State == "refused"
            || (status.Tracking is { Recipients.Count: > 0 } known && known.Recipients.All(r => !_open.Contains(r.State)));

    private static Task<JsonElement> AskAsync(LocalApiClient gateway, string id, CancellationToken stop) => gateway.GetAsync($"/messages/{id}", stop);

    private static void Print(Session session, string id, JsonElement answer)
    {
        if (session.Print.Json)
        {
            session.Print.Data(answer);
            return;
        }
        var status = answer.As<MessageStatus>();
        if (status.Sent is { } sent) session.Print.Line($"{id} {Told(sent)}");
        if (status.Sent is { ReplacedBy.Length: > 0 })
            session.Print.Line(ExchangeCommands.Next(session, $"track {Plain.Line(status.Sent.ReplacedBy)}"));
        if (status.Tracking is { } tracking)
        {
            session.Print.Line($"Accepted by the node at {Plain.Time(tracking.AcceptedAt)}, position {tracking.Position}.");
            foreach (var r in tracking.Recipients.Where(r => r.Escalations is { Count: > 0 }))
                foreach (var step in r.Escalations!) session.Print.Line($"Late at {Plain.Line(r.Recipient)}, {Plain.Time(step.At)}: {Told(step)}.");
            if (tracking.AsOf is { } written) session.Print.Line($"As a carry file told that was written at {Plain.Time(written)}; the node cannot be asked now.");
            PrintRequests(session, tracking);
            session.Print.Table(["recipient", "state", "since", "attempts", "receipts"], tracking.Recipients.Select(r => (IReadOnlyList<string>)
            [
                r.InsteadOf.Length > 0 ? $"{r.Recipient} (instead of {r.InsteadOf})" : r.Recipient, Told(r),
                Plain.Time(r.OpenedAt ?? r.DeliveredAt ?? r.QuarantinedAt), r.Attempts.ToString(),
                string.Join("; ", r.Receipts.Select(Told)),
            ]), "It has no recipients.");
        }
        else if (status.NodeProblem.Length > 0)
        {
            session.Print.Line(status.NodeProblem == "WITHOUT_LINE"
                ? "This gateway has no line: the node's next carry file tells what became of it."
                : $"The node cannot be asked now: {Plain.Line(status.NodeProblem)}. Ask again later.");
        }
        if (status.Recall is { Count: > 0 } recall) PrintRecall(session, recall);
        if (status.LooksLike is { } alike) session.Print.Line($"It {alike.Told}: same sender, reference, recipients and day.");
        foreach (var report in status.NotDelivered ?? [])
            session.Print.Line(
                $"Not delivered to {Plain.Line(report.Recipient)}: {Told(report.Reason)}, {Plain.Time(report.At)}; report {Plain.Line(report.ReportId)}.");
    }

    private static void PrintRequests(Session session, Tracking tracking)
    {
        foreach (var r in tracking.Recipients.Where(r => r.Request is not null))
        {
            foreach (var step in r.Request!.Steps ?? []) session.Print.Line($"Answer of {Plain.Line(r.Recipient)}, {Plain.Time(step.At)}: {step.Told()}.");
            session.Print.Line($"Answer of {Plain.Line(r.Recipient)}, {r.Request.Told(session.Shell.Clock.GetUtcNow())}.");
        }
    }

    private static void PrintRecall(Session session, IReadOnlyList<Recalled> recall)
    {
        session.Print.Line($"Recalled: {Plain.Line(recall[0].Reason)}, {Plain.Time(recall[0].OrderedAt)}.");
        session.Print.Table(["recipient", "recall", "since", "still holds it"], recall.Select(r => (IReadOnlyList<string>)
        [
            r.Recipient, Told(r), Plain.Time(r.StatedAt), r.StillHolds,
        ]), "");
    }

    private static string Told(Recalled recalled) => recalled.State switch
    {
        "queued" => "the order waits in the outbox",
        "refused" => "the node refused the order",
        "asked_back" => "asked back, no statement yet",
        "recalled_before_delivery" => "recalled before delivery",
        "deleted" => "states: deleted",
        "not_held" => "states: not held",
        "retained" => $"states: retained ({recalled.LegalBasis})",
        var state => state,
    };

    private static string Told(TrackedRecipient recipient)
    {
        var state = recipient.State + (recipient.Reason.Length > 0 ? $" ({recipient.Reason})" : "")
            + (recipient.RefusedBy.Length > 0 ? $" by {recipient.RefusedBy}" : "");
        if (recipient.RedirectedTo.Length == 0) return state;
        // What was delivered stays so; then the alternate has a copy.
        return recipient.State == _redirected ? $"{state} → {recipient.RedirectedTo}" : $"{state}, copy → {recipient.RedirectedTo}";
    }

    private static string Told(string reason) => reason == Reasons.BureauClosed ? "the bureau was closed for good" : Plain.Line(reason);

    private static string Told(TrackedStep step) => step switch
    {
        { Reason: "REDIRECTED" } => $"it goes to {Plain.Line(step.Alternate)}",
        { Reason: "RESEAL_REQUESTED" } => $"you are asked to send it to {Plain.Line(step.Alternate)} as well",
        { Reason: "NO_ALTERNATE" } => "there is nobody to redirect it to",
        { To.Length: > 0 } => $"{Plain.Line(step.To)} was told ({Plain.Line(step.Reason)})",
        { Step: "operator" } => $"the operators were told ({Plain.Line(step.Reason)})",
        _ => $"nobody was told, for the bureau is closed ({Plain.Line(step.Reason)})",
    };

    private static string Told(SentMessage sent) => sent.State switch
    {
        "waiting" => $"waits in the outbox since {Plain.Time(sent.QueuedAt)}.",
        "refused" => $"was refused: {Plain.Line(sent.Reason)}: {Plain.Line(sent.Text)}",
        "replaced" => $"was signed again under a new id: {Plain.Line(sent.Reason)}.",
        var state => $"is {Plain.Line(state)}.",
    };

    private static string Told(TrackedReceipt receipt)
    {
        var what = receipt.Outcome.Length > 0 ? receipt.Outcome.ToUpperInvariant() : "unreadable";
        var reason = receipt.Reason.Length > 0 ? $" {receipt.Reason}" : "";
        var officer = receipt.Officer.Length > 0 ? $" by {receipt.Officer}" : "";
        return $"{what}{reason}{officer}, {(receipt.Verified ? "verified" : $"NOT VERIFIED: {receipt.Problem}")}";
    }
}
