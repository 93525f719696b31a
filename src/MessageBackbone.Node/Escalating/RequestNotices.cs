using Google.Protobuf;
using MessageBackbone.Domain.Requests;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

/// <summary>Reminds and tells those whom the steps of requests name.</summary>
internal sealed class RequestNotices(
    RequestQueries requests, OwedNotices notices, RequestOptions options, RequestSignals told, TimeProvider clock, ILogger<RequestNotices> logger)
{
    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        new ClockWork(requests.Rows, told.Notices, options.LookEvery, clock, logger).RunAsync(TellPageAsync, cancellationToken);

    private async Task<PageDone> TellPageAsync(CancellationToken cancellationToken) =>
        await notices.TellAsync(await requests.OwedNoticesAsync(OwedNotices.Page, cancellationToken), Read, cancellationToken);

    private static (EscalationNotice Notice, string To) Read(IMessage told) => RequestSteps.Notice(told)
        ?? throw new InvalidOperationException($"The rows of requests owe a notice for {told.Descriptor.FullName}.");
}
