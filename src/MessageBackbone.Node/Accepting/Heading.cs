using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// What an envelope says of itself before anything is verified, as far as it can be read, whatever else is wrong with it. Enough to stand in the right row
/// (decision 0045) and to tell a sender which message is meant; nothing else may follow from it.
/// </summary>
/// <param name="MessageId">Only an id of the right shape is told back; else empty.</param>
/// <param name="Precedence">One of the contract's; ROUTINE where it cannot be read.</param>
internal readonly record struct Heading(string MessageId, Precedence Precedence)
{
    private static readonly Heading None = new("", Precedence.Routine);

    public static Heading Of(Envelope? envelope, NodeLimits limits)
    {
        if (envelope is null || envelope.Header.Length > limits.HeaderBytes || !SignedObject.TryRead(envelope.Header.Memory, out var signed, out _)
            || !CanonicalMessage.TryParse(signed.Content, MessageHeader.Parser, out var header, out _))
        {
            return None;
        }

        var precedence = header.Precedence is Precedence.Flash or Precedence.Immediate or Precedence.Priority ? header.Precedence : Precedence.Routine;
        return new Heading(Protocol.Identities.MessageId.TryParse(header.MessageId, out var id) ? id.Value : "", precedence);
    }
}
