using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Auditing;
using MessageBackbone.Node.Dashboard.SignIn;
using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace MessageBackbone.Node.Dashboard.Reading;

/// <summary>Why somebody reads what happened to a message. An auditor says it once, before the first reading; an operator reads to run the exchange. Each
/// reading is recorded with it, before anything is shown.</summary>
internal sealed class ReadingReason(IDataProtectionProvider protection, AccessRecord access)
{
    private const string Cookie = "reason", OperatorsPurpose = "operations", OperatorsWhy = "Watching deliveries";
    private const int LongestJustification = 200;

    private readonly IDataProtector _protector = protection.CreateProtector("reason");

    /// <summary>What the visitor has said; null: he has to say it first.</summary>
    public (string Purpose, string Justification)? Of(HttpContext context, Visitor visitor)
    {
        if (visitor.Role == Visitor.Operator) return (OperatorsPurpose, OperatorsWhy);
        if (context.Request.Cookies[Cookie] is not { Length: < 2000 } cookie) return null;
        try
        {
            // Whose reason it is stands in it: the next one at this browser says his own.
            return _protector.Unprotect(cookie).Split('\n') is [var holder, var purpose, var why] && holder == visitor.Holder.Uri ? (purpose, why) : null;
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return null; // of before the node's start: it is asked for again
        }
    }

    /// <summary>Null: kept for this browser until it closes. Else what is wrong, by field.</summary>
    public string? Keep(HttpContext context, Visitor visitor, string purpose, string justification)
    {
        if (!Patterns.IsPurpose(purpose)) return "purpose";
        if (!Patterns.IsOneLine(justification, LongestJustification)) return "justification";
        context.Response.Cookies.Append(
            Cookie, _protector.Protect($"{visitor.Holder.Uri}\n{purpose}\n{justification}"),
            new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, IsEssential = true });
        return null;
    }

    /// <summary>Before anything is read: no record, no data.</summary>
    public Task RecordAsync(Visitor visitor, (string Purpose, string Justification) why, string method, string subject, CancellationToken cancellationToken) =>
        access.WriteAsync(new Caller(visitor.Holder, default), method, why.Purpose, why.Justification, subject, cancellationToken);
}
