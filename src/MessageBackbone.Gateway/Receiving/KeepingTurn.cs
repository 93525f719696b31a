using MessageBackbone.Gateway.Inbox;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>A delivery's place in the order of its lane, until it is known what became of it.</summary>
internal sealed class KeepingTurn
{
    private volatile bool _settled;

    /// <summary>The first try to keep it.</summary>
    public Task<Kept> First { get; set; } = Task.FromResult<Kept>(null!);

    /// <summary>It is kept, or kept apart.</summary>
    public bool Settled
    {
        set => _settled = value;
    }

    /// <summary>The first try failed and it is tried again: what comes after it must not be kept before it.</summary>
    public bool IsOpen => !_settled && First is { IsCompleted: true, IsCompletedSuccessfully: false };

    /// <summary>Of what was kept before; null: of nothing.</summary>
    public static KeepingTurn Of(Kept? kept) => new() { First = Task.FromResult(kept!) };
}
