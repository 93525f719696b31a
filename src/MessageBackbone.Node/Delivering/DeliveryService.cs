using Grpc.Core;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Delivering;

/// <summary>How a bureau receives: Hello, then whatever an <see cref="Attendance"/> does.</summary>
internal sealed class DeliveryService(AttendanceOpening opening, DeliveringOptions options, TimeProvider clock) : V1.DeliveryService.DeliveryServiceBase
{
    public override async Task Attend(
        IAsyncStreamReader<FromGateway> requestStream, IServerStreamWriter<ToGateway> responseStream, ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, caller.MustEnd);
        var hello = await HelloAsync(requestStream, ends.Token);
        caller.RequireOwn(hello.Bureau, "hello.bureau");
        await opening.RunAsync(caller, hello, requestStream, responseStream, ends.Token);
    }

    private async Task<Hello> HelloAsync(IAsyncStreamReader<FromGateway> requests, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.HelloWithin, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (await requests.MoveNext(either.Token) && requests.Current.Hello is { } hello) return hello;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw NoHello();
        }
        throw NoHello();
    }

    private static RefusalException NoHello() => new(Reasons.FieldInvalid, "The first frame of an attendance is Hello; send it at once.", ["hello"]);
}
