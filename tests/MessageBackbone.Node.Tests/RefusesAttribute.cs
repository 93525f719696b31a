namespace MessageBackbone.Node.Tests;

/// <summary>On a test that provokes this refusal over the wire and reads status, reason and text.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class RefusesAttribute(string reason) : Attribute
{
    public string Reason { get; } = reason;
}
