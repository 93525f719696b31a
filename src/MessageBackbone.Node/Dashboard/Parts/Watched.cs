using MessageBackbone.Node.Dashboard.Watching;
using Microsoft.AspNetCore.Components;

namespace MessageBackbone.Node.Dashboard.Parts;

/// <summary>A part that shows the node's state and follows it while its page is open.</summary>
public abstract class Watched : DashboardPart, IDisposable
{
    private IDisposable? _watch;
    private BoardState? _next;

    /// <summary>What is shown.</summary>
    private protected BoardState? State { get; private set; }

    [Inject] private IServiceProvider Services { get; set; } = null!;

    public void Dispose()
    {
        _watch?.Dispose();
        GC.SuppressFinalize(this);
    }

    protected override async Task OnInitializedAsync()
    {
        var feed = (BoardFeed)Services.GetService(typeof(BoardFeed))!;
        State = await feed.NowAsync(CancellationToken.None);
        await SeeAsync(State);
        if (RendererInfo.IsInteractive) _watch = feed.Watch(Show);
    }

    /// <summary>What else is to be read for this state before it is shown.</summary>
    private protected virtual Task SeeAsync(BoardState state) => Task.CompletedTask;

    // Only the newest is drawn: a browser that is slow to take one skips those between, and nothing piles up for it.
    private void Show(BoardState state)
    {
        if (Interlocked.Exchange(ref _next, state) is not null) return;
        _ = InvokeAsync(DrawAsync);
    }

    private async Task DrawAsync()
    {
        try
        {
            State = Interlocked.Exchange(ref _next, null) ?? State;
            await SeeAsync(State!);
            StateHasChanged();
        }
        catch (Exception fault)
        {
            // Nobody awaits this: the connection is told, and ends with it instead of standing still unseen.
            await DispatchExceptionAsync(fault);
        }
    }
}
