using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Node.Accepting;

/// <summary>Times that somebody else set, against the node's clock.</summary>
internal static class Times
{
    public static void Require(DateTimeOffset time, string field, DateTimeOffset now, NodeLimits limits)
    {
        if (time - now > limits.AheadOfClock)
        {
            throw new RefusalException(
                Reasons.ClockSkew, "A time is further ahead of the node's clock than it may be. Set your clock and sign again under a new id.", [field]);
        }

        if (now - time > limits.BehindClock)
        {
            throw new RefusalException(Reasons.Expired, "A time is too long ago. Make it anew and sign it under a new id.", [field]);
        }
    }
}
