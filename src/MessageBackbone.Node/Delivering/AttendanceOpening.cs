using Grpc.Core;
using MessageBackbone.Domain.Bureaus;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Routing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Takes the bureau's place, welcomes the gateway, and runs the attendance to its end.</summary>
internal sealed class AttendanceOpening(
    Attendances attendances, AttendanceRooms rooms, EventRecorder recorder, IEventLog log, NodeIdentity node, Planner planner, ILogger<Attendance> logger)
{
    /// <summary>The level of the contract that this node speaks.</summary>
    private const uint Contract = 1;

    public async Task RunAsync(
        Caller caller, Hello hello, IAsyncStreamReader<FromGateway> requests, IServerStreamWriter<ToGateway> responses, CancellationToken cancellationToken)
    {
        var bureau = caller.Name;
        await using var place = attendances.Take(bureau);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, place.Superseded);
        var reason = "disconnected";
        try
        {
            await place.FreeAsync(ends.Token);
            await planner.CaughtUp.WaitAsync(ends.Token);
            await DeclareAsync(caller, hello.Contract, ends.Token);
            await WelcomeAsync(responses, ends.Token);
            DeliveringLog.Attends(logger, bureau, await rooms.Plan.AttendAsync(bureau, node.Name, ends.Token));
            using var attendance = new Attendance(caller, hello.Window ?? rooms.Options.DefaultWindow, requests, responses, rooms, logger);
            await attendance.RunAsync(() => place.Superseded.IsCancellationRequested ? "superseded" : "disconnected", ends.Token);
        }
        catch (OperationCanceledException) when (place.Superseded.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            reason = "superseded";
            throw Superseded().ToStatus();
        }
        finally
        {
            DeliveringLog.Left(logger, bureau, reason);
        }
    }

    private static RefusalException Superseded() => new(
        Reasons.Superseded, "A newer attendance of your bureau took over. If that was not meant, let one gateway attend at a time.");

    private Task WelcomeAsync(IServerStreamWriter<ToGateway> responses, CancellationToken cancellationToken) => responses.WriteAsync(
        new ToGateway { Welcome = new Welcome { Node = node.Name, House = node.House, Log = log.Name, Contract = Contract } }, cancellationToken);

    private async Task DeclareAsync(Caller caller, uint contract, CancellationToken cancellationToken)
    {
        if (contract == 0 || rooms.Directory.State.Bureau(caller.Name)?.Contract == contract) return;
        await recorder.DecideAsync(
            StreamId.Bureau(caller.Name), Bureau.Silent, Bureau.Evolve,
            state => Bureau.Decide(state, new DeclareContract(caller.Name, contract)),
            new Provenance(caller.Holder.Uri, caller.Name), cancellationToken);
    }
}
