using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Benching;

/// <summary>What `bench precedence` measured; names of the file are these in snake case.</summary>
/// <param name="FlashIdleMs">From handing a FLASH message to its gateway to durable in the recipient's inbox, one at a time, nothing else on the
/// way.</param>
/// <param name="FlashWaitingMs">The same while ROUTINE messages for the same bureau waited and were being delivered.</param>
/// <param name="WaitingAtEnd">ROUTINE messages not yet in the inbox when the last FLASH was; 0: the second phase measured less than it says.</param>
/// <param name="NodeIdleMib">Resident memory of the node's process before the ROUTINE messages came.</param>
/// <param name="DrainSeconds">From the return of the recipient's gateway to the last ROUTINE message in its inbox, the FLASH phase included.</param>
/// <param name="Lost">Accepted messages that did not reach the inbox: ROUTINE, and FLASH of every phase, those before the measuring too.</param>
internal sealed record PrecedenceResult(
    string Transport, int Waiting, int Samples, Percentiles FlashIdleMs, Percentiles FlashWaitingMs, double RatioP99, long WaitingAtStart,
    long WaitingAtEnd, double FillPerSecond, double NodeIdleMib, double NodeWaitingMib, double DrainSeconds, double DrainPerSecond, long Lost);
