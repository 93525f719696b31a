using System.Security.Cryptography;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Carrying;

/// <summary>Where carry files are written and taken, one at a time.</summary>
internal sealed class CarryDesk(CarryFolder folder, CarryExport export, CarryImport import) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    public Task<CarrySummary> WriteAsync(int most, long mostBytes, CancellationToken cancellationToken) =>
        InTurnAsync(() => export.WriteAsync(most, mostBytes, cancellationToken), cancellationToken);

    /// <inheritdoc cref="CarryExport.DescribeAsync"/>
    public Task<CarrySummary?> DescribeAsync(long number, CancellationToken cancellationToken) => export.DescribeAsync(number, cancellationToken);

    /// <inheritdoc cref="CarryExport.Again"/>
    public Stream? Again(long number) => export.Again(number);

    /// <param name="source">The file, as it comes; nothing of it is done before all of it is here.</param>
    /// <exception cref="CarryFileException">It was refused, and nothing of it was done.</exception>
    public async Task<CarrySummary> TakeAsync(Stream source, bool check, bool acceptGap, CancellationToken cancellationToken)
    {
        await using var file = folder.Spool();
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[128 * 1024];
        while (await source.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (file.Length + read > CarryFile.LargestFile) throw new CarryFileException(Reasons.TooLarge, "A file has at most 16 GiB.");
            sha256.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
        var digest = sha256.GetHashAndReset();
        return await InTurnAsync(() => import.TakeAsync(file, digest, check, acceptGap, cancellationToken), cancellationToken);
    }

    public void Dispose() => _turn.Dispose();

    private async Task<CarrySummary> InTurnAsync(Func<Task<CarrySummary>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            _turn.Release();
        }
    }
}
