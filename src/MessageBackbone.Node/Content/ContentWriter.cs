using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Content;

/// <summary>The only writer of the content store. What waits when a flush ends goes into the next group; a group that fails is told to all its callers.</summary>
internal sealed class ContentWriter : IAsyncDisposable
{
    private const int MostWaiting = 1024;
    private const int MostInGroup = 256;
    private const int MostBytesInGroup = 16 << 20;

    private readonly Channel<ContentWrite> _waiting = Channel.CreateBounded<ContentWrite>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly string _connectionString;
    private readonly ILogger _logger;
    private readonly Task _running;
    private ContentCommands? _commands;

    public ContentWriter(string connectionString, ILogger logger)
    {
        _connectionString = connectionString;
        _logger = logger;
        _running = Task.Factory.StartNew(RunAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    /// <summary>Cancellation counts until the write is queued.</summary>
    public async Task WriteAsync(ContentWrite write, CancellationToken cancellationToken)
    {
        try
        {
            await _waiting.Writer.WriteAsync(write, cancellationToken);
        }
        catch (ChannelClosedException closed)
        {
            throw new ContentUnavailableException("The content store is closed.", closed);
        }

        await write.Done;
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _running;
    }

    private async Task RunAsync()
    {
        var group = new List<ContentWrite>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            var bytes = 0L;
            while (group.Count < MostInGroup && bytes < MostBytesInGroup && _waiting.Reader.TryRead(out var write))
            {
                group.Add(write);
                bytes += write.Bytes;
            }

            Commit(group);
            group.Clear();
        }

        _commands?.Dispose();
    }

    private void Commit(List<ContentWrite> group)
    {
        try
        {
            _commands ??= new ContentCommands(ContentDatabase.Open(_connectionString));
            _commands.Begin();
            foreach (var write in group)
            {
                write.Apply(_commands);
            }

            _commands.Commit();
        }
        catch (SqliteException fault)
        {
            ContentLog.GroupFailed(_logger, fault, group.Count);
            GiveUpConnection();
            group.ForEach(write => write.Fail(new ContentUnavailableException("A body cannot be stored now.", fault)));
            return;
        }

        group.ForEach(write => write.Succeed());
    }

    // After a fault the state of the transaction is unknown: the connection is closed, which rolls back, and the next group opens another.
    private void GiveUpConnection()
    {
        try
        {
            _commands?.RollBack();
        }
        catch (SqliteException fault)
        {
            ContentLog.RollbackFailed(_logger, fault);
        }

        _commands?.Dispose();
        _commands = null;
    }
}
