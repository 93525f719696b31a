using Grpc.Core;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Carrying;

/// <summary>The envelopes of a file that follow on each other, read as from a stream of submissions. Begins with the record that was read last.</summary>
internal sealed class CarriedEnvelopes(IAsyncEnumerator<CarryRecord> records, CarryAnswers answers) : IAsyncStreamReader<SubmitRequest>
{
    private ulong _count;

    public SubmitRequest Current { get; private set; } = new();

    /// <summary>After the end: the enumerator stands at a record of another kind. Else the file has ended.</summary>
    public bool More { get; private set; } = true;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_count > 0) More = await records.MoveNextAsync();
        if (!More || records.Current.Envelope is not { } envelope) return false;
        answers.Await(_count++, envelope);
        Current = new SubmitRequest { Envelope = envelope };
        return true;
    }
}
