using Google.Protobuf;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Directory;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Carrying;

/// <summary>Takes the node's file: the whole of it is judged before any of it is done.</summary>
/// <remarks>A crash on the way leaves what was stored so far, and the file is not taken: brought again, each part is a repeat.</remarks>
internal sealed class CarryImport(
    KeyRing keys, DirectoryBook directory, CarriedAnswers answers, CarryStore store, CarryFolder folder, Func<CancellationToken, CarryLanes> lanes, TimeProvider clock)
{
    // As when the directory comes by line.
    private const int MostEntries = 100_000;

    /// <param name="file">The whole of it.</param>
    /// <param name="sha256">Of the whole of it.</param>
    /// <exception cref="CarryFileException">It is no file of this house to this bureau, or not whole, or not the next. Nothing was done.</exception>
    public async Task<CarrySummary> TakeAsync(Stream file, byte[] sha256, bool check, bool acceptGap, CancellationToken cancellationToken)
    {
        var reader = await CarryReader.OpenAsync(file, cancellationToken);
        var manifest = reader.Manifest;
        RequireOurs(reader);
        var tally = await reader.TallyAsync(cancellationToken);
        var summary = tally.Describe(manifest, ByteString.CopyFrom(sha256), file.Length);
        summary.Checked = check;
        var place = CarryChain.Judge(
            manifest, sha256, store.Last(CarryDirection.ToBureau), number => store.Find(CarryDirection.ToBureau, number), out var problem);
        summary.AlreadyImported = place == CarryPlace.Taken;
        if (place == CarryPlace.Gap && !acceptGap) throw new CarryFileException(Reasons.FieldInvalid, problem);
        if (check || summary.AlreadyImported) return summary;
        await DoAsync(reader, summary, cancellationToken);
        await store.AddAsync(CarryDirection.ToBureau, manifest.Number, sha256, clock.GetUtcNow());
        folder.Forget(manifest.Received);
        return summary;
    }

    private async Task DoAsync(CarryReader reader, CarrySummary summary, CancellationToken cancellationToken)
    {
        await using var inbox = lanes(cancellationToken);
        var (house, whole, at) = ("", new List<DirectoryUpdate>(), reader.Manifest.CreatedAt.ToDateTimeOffset());
        await foreach (var record in reader.ReadAsync(cancellationToken))
        {
            switch (record.RecordCase)
            {
                case CarryRecord.RecordOneofCase.Welcome:
                    house = BureauCode.TryParse(record.Welcome.House, out var code) ? code.Value : "";
                    break;
                case CarryRecord.RecordOneofCase.Directory:
                    await DirectoryAsync(whole, record.Directory, cancellationToken);
                    break;
                case CarryRecord.RecordOneofCase.Answer:
                    await answers.TakeAsync(record.Answer, cancellationToken);
                    break;
                case CarryRecord.RecordOneofCase.ReceiptAnswer:
                    if (!await answers.TakeAsync(record.ReceiptAnswer, cancellationToken)) summary.ReceiptsRefused++;
                    break;
                case CarryRecord.RecordOneofCase.Tracking:
                    await store.TrackAsync(record.Tracking, at, cancellationToken);
                    break;
                case CarryRecord.RecordOneofCase.Delivery when record.Delivery.Envelope is not null:
                    await inbox.TakeAsync(record.Delivery, house);
                    break;
                default:
                    break; // records of later contracts
            }
        }
        await inbox.FinishAsync();
        (summary.Taken, summary.Repeated, summary.Refused) = (inbox.Taken, inbox.Repeated, inbox.Refused);
    }

    private async Task DirectoryAsync(List<DirectoryUpdate> whole, DirectoryUpdate update, CancellationToken cancellationToken)
    {
        if (whole.Count >= MostEntries) throw CarryFileException.Malformed("The file's directory has too many entries.");
        whole.Add(update);
        // A line may have told more since the file was written.
        if (update.CaughtUp && update.Position >= directory.Copy.Position) await directory.ReplaceAsync(whole, cancellationToken);
    }

    private void RequireOurs(CarryReader reader)
    {
        var manifest = reader.Manifest;
        if (manifest.Direction != CarryDirection.ToBureau)
            throw CarryFileException.Malformed($"This file goes from bureau {manifest.Bureau} to the node: the house's operators take it.");
        if (manifest.Bureau != keys.Bureau.Value) throw CarryFileException.Malformed($"This file is for bureau {manifest.Bureau}, not for {keys.Bureau.Value}.");
        var verdict = keys.Anchor.Judge(reader.Signed.CertificateDer, CertificateUse.Sign, clock.GetUtcNow(), HolderRole.Node);
        if (!verdict.Ok)
            throw new CarryFileException(Reasons.CertificateNotValid, $"The file was not signed by a node that this bureau's own authority vouches for: {verdict.Problem}");
        if (!reader.Signed.VerifySignature())
            throw new CarryFileException(Reasons.BadSignature, "The signature does not fit the file: it was altered. Copy it again.");
    }
}
