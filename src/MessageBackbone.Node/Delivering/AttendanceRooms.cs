using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;

namespace MessageBackbone.Node.Delivering;

/// <summary>What every attendance of a node shares.</summary>
internal sealed record AttendanceRooms(
    Plan Plan,
    ILaneTransport Transport,
    Presenting Presenting,
    ReceiptRecording Receipts,
    AttemptRecording Attempts,
    SecurityRecorder Security,
    CurrentDirectory Directory,
    Withdrawals Withdrawals,
    DrainGate Drain,
    DeliveringOptions Options,
    TimeProvider Clock);
