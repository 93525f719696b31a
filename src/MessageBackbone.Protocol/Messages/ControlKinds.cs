namespace MessageBackbone.Protocol.Messages;

/// <summary>The control kinds of wire.md §5: messages about a message. Their bodies may be clear whatever the policy says, and they are no turn of the talk that they
/// belong to.</summary>
public static class ControlKinds
{
    public static bool Has(string kind) => Recalls.IsRecallKind(kind) || MessageOpening.IsOfHouse(kind);
}
