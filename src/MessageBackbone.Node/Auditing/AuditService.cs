using Grpc.Core;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Api = MessageBackbone.V1.AuditService;

namespace MessageBackbone.Node.Auditing;

/// <summary>Reading the history. The interceptor lets auditors through and nobody else.</summary>
internal sealed class AuditService(History history, AccessRecord access) : Api.AuditServiceBase
{
    public override async Task ReadEvents(ReadEventsRequest request, IServerStreamWriter<V1.RecordedEvent> responseStream, ServerCallContext context)
    {
        AuditRequests.Check(request);
        var caller = context.GetCaller();
        await access.WriteAsync(
            caller, "ReadEvents", request.Purpose, request.Justification, $"events after {request.After}", context.CancellationToken);
        var filter = request.Filter ?? new EventFilter();
        var query = new EventQuery([.. filter.Types_], filter.RecordedFrom?.ToDateTimeOffset(), filter.RecordedBefore?.ToDateTimeOffset());
        using var open = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, caller.MustEnd);
        await foreach (var recorded in history.ReadAsync(query, filter.StreamPrefix, new(request.After), request.Follow, open.Token))
            await responseStream.WriteAsync(recorded, open.Token);
    }

    public override async Task<V1.History> GetHistory(HistoryRequest request, ServerCallContext context)
    {
        AuditRequests.Check(request);
        await access.WriteAsync(
            context.GetCaller(), "GetHistory", request.Purpose, request.Justification, $"message-{request.MessageId}", context.CancellationToken);
        var answer = new V1.History { MessageId = request.MessageId };
        await foreach (var recorded in history.ReadAsync(
                           new EventQuery([], MessageId: request.MessageId), "", default, follow: false, context.CancellationToken))
            answer.Events.Add(recorded);
        return answer.Events.Count > 0
            ? answer
            : throw new RefusalException(Reasons.UnknownMessage, "The log holds no message with this id. Check the id.", ["message_id"]);
    }
}
