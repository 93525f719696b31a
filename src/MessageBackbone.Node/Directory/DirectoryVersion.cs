using MessageBackbone.Domain.Directory;
using MessageBackbone.EventLog;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Directory;

/// <summary>
/// One state of the directory, with the way to the next: a reader walks from version to version at its own speed, misses none and costs the writer nothing.
/// </summary>
public sealed class DirectoryVersion
{
    private readonly TaskCompletionSource<DirectoryVersion> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lazy<IReadOnlyList<DirectoryUpdate>> _updates;

    internal DirectoryVersion(DirectoryState state, StreamRevision? revision, IReadOnlyList<DirectoryTouch> touched)
    {
        State = state;
        Revision = revision;
        _updates = new(() => [.. touched.Distinct().Select(touch => DirectoryViews.Update(state, touch))]);
    }

    public DirectoryState State { get; }

    /// <summary>The last event of stream <c>directory</c> that this state holds; null: none.</summary>
    public StreamRevision? Revision { get; }

    /// <summary>What differs from the version before, as bureaus see it.</summary>
    public IReadOnlyList<DirectoryUpdate> Updates => _updates.Value;

    public Task<DirectoryVersion> NextAsync(CancellationToken cancellationToken) => _next.Task.WaitAsync(cancellationToken);

    internal void Follow(DirectoryVersion next) => _next.SetResult(next);
}
