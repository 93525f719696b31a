using MessageBackbone.Gateway.Connecting;
using MessageBackbone.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Directory;

/// <summary>Follows the node's directory for as long as the gateway runs.</summary>
internal sealed class DirectoryFollower(DirectoryBook book, NodeChannel node, Backoff backoff, TimeProvider clock, ILogger<DirectoryFollower> log)
{
    // A whole directory is 196 bureaus with a few certificates each; a node that never says caught_up must not fill the memory.
    private const int MostEntries = 100_000;

    /// <summary>The watch stands and the whole directory was received on it.</summary>
    public bool Following { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(cancellationToken);
                GatewayLog.DirectoryWatchEnded(log, "the node ended it");
            }
            catch (RpcException fault)
            {
                GatewayLog.DirectoryWatchEnded(log, NodeRefusal.Of(fault)?.Reason ?? fault.StatusCode.ToString());
            }
            catch (Microsoft.Data.Sqlite.SqliteException fault)
            {
                GatewayLog.StoreFailed(log, fault.SqliteErrorCode, fault);
            }
            Following = false;
            await Task.Delay(backoff.Next(), clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        using var call = node.Directory.WatchDirectory(new WatchDirectoryRequest(), cancellationToken: cancellationToken);
        var whole = new List<DirectoryUpdate>();
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            var update = call.ResponseStream.Current;
            if (Following)
            {
                await book.ChangeAsync(update, cancellationToken);
                continue;
            }
            whole.Add(update);
            if (whole.Count > MostEntries) throw new RpcException(new Status(StatusCode.ResourceExhausted, "The directory has too many entries."));
            if (!update.CaughtUp) continue;
            await book.ReplaceAsync(whole, cancellationToken);
            whole = [];
            Following = true;
            backoff.Reset();
        }
    }
}
