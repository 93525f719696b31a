using MessageBackbone.Gateway.Storing;

namespace MessageBackbone.Gateway.LocalApi;

internal sealed record AuditRow(DateTimeOffset At, string User, string Action, string Subject, string Outcome);

/// <summary>Who did what through the local API. Ids and codes only.</summary>
internal sealed class LocalAudit(GatewayDatabase database, TimeProvider clock)
{
    public Task RecordAsync(string user, string action, string subject, string outcome, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(
            "INSERT INTO local_audit (at, local_user, action, subject, outcome) VALUES ($at, $user, $action, $subject, $outcome)",
            ("$at", clock.GetUtcNow().ToUnixTimeMilliseconds()), ("$user", user), ("$action", action), ("$subject", subject), ("$outcome", outcome)), cancellationToken);

    /// <summary>The newest rows first.</summary>
    public List<AuditRow> Read(int limit) => database.Read(session => session.Query(
        "SELECT at, local_user, action, subject, outcome FROM local_audit ORDER BY row DESC LIMIT $limit",
        row => new AuditRow(row.Time(0)!.Value, row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4)), ("$limit", limit)));
}
