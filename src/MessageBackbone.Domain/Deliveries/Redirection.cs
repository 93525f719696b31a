using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>An alternate is nobody until a <see cref="Redirected"/> names it; from then on it is a recipient like any other.</summary>
public static class Redirection
{
    /// <summary>In whose place a bureau may get the message; null: it is no alternate of it.</summary>
    public static string? InsteadOf(MessageHeader header, string bureau) => header.Alternates.FirstOrDefault(a => a.Bureau == bureau)?.InsteadOf;

    /// <summary>The acceptance as it holds for a bureau to whom the message was redirected: its header and hash are the same, and the bureau is among the
    /// recipients. A recipient gets it as it is.</summary>
    public static Accepted Including(Accepted message, string bureau)
    {
        if (message.Recipients.Contains(bureau)) return message;
        var including = message.Clone();
        including.Recipients.Add(bureau);
        return including;
    }
}
