using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Carrying;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Carrying;

/// <summary>Takes a bureau's file: the whole of it is judged before any of it is done.</summary>
/// <remarks>A crash on the way leaves what was recorded so far, and the file is not taken: brought again, each part is a repeat.</remarks>
internal sealed class CarryImport(
    CarryFolder folder, CarryBooks books, Acceptor acceptor, WorkingPlaces places, CarriedReceipts receipts, SecurityRecorder security, CurrentDirectory directory,
    NodeIdentity node, NodeLimits limits, TimeProvider clock, ILogger<CarryImport> logger)
{
    /// <param name="file">The whole of it.</param>
    /// <param name="sha256">Of the whole of it.</param>
    /// <exception cref="RefusalException">It was not taken; what was recorded of it before is repeated when it is brought again.</exception>
    /// <exception cref="CarryFileException">It is no file, or not whole.</exception>
    public async Task<CarrySummary> TakeAsync(Caller by, Stream file, ByteString sha256, bool check, bool acceptGap, CancellationToken cancellationToken)
    {
        var reader = await CarryReader.OpenAsync(file, cancellationToken);
        var manifest = reader.Manifest;
        if (manifest.Direction != CarryDirection.ToNode)
            throw CarryFileException.Malformed($"This file goes to bureau {manifest.Bureau}, not to the node: its gateway takes it.");
        var bureau = RequireSigner(reader);
        var tally = await reader.TallyAsync(cancellationToken);
        var summary = tally.Describe(manifest, sha256, file.Length);
        summary.Checked = check;
        using var turn = await books.EnterAsync(manifest.Bureau, cancellationToken);
        var place = (await books.ReadAsync(manifest.Bureau, cancellationToken)).Judge(manifest, sha256, out var problem);
        summary.AlreadyImported = place == CarryPlace.Taken;
        if (place == CarryPlace.Gap && !acceptGap) throw new RefusalException(Reasons.FieldInvalid, problem, ["number"]);
        if (check || summary.AlreadyImported) return summary;
        var done = await folder.WriteAsync(folder.Answers(manifest.Bureau, manifest.Number), answers => DoAsync(bureau, reader, answers, cancellationToken));
        var import = new ImportFile(manifest, sha256, acceptGap, tally.MessageCount, tally.Receipts, by.Holder.Uri, clock.GetUtcNow(), node.Name);
        var book = await books.RecordAsync(manifest.Bureau, import, by.Holder.Uri);
        folder.Forget(manifest.Bureau, book.TakenByBureau, book.HasAnswers);
        CarryLog.Imported(logger, manifest.Number, manifest.Bureau, done.Taken, done.Repeated, done.Refused, done.Receipts);
        if (place == CarryPlace.Gap) CarryLog.GapAccepted(logger, manifest.Number, manifest.Bureau);
        (summary.Taken, summary.Repeated, summary.Refused, summary.ReceiptsRefused) = (done.Taken, done.Repeated, done.Refused, done.ReceiptsRefused);
        return summary;
    }

    private async Task<CarryAnswers> DoAsync(Caller bureau, CarryReader reader, Stream target, CancellationToken cancellationToken)
    {
        // No file that anybody carries: an answer and a question for each record of a full one.
        using var content = new CarryContent(target, ulong.MaxValue, long.MaxValue);
        var answers = new CarryAnswers(content);
        await using var records = reader.ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        var more = await records.MoveNextAsync();
        while (more)
        {
            if (records.Current.Envelope is not null)
            {
                var envelopes = new CarriedEnvelopes(records, answers);
                using var submissions = new SubmitStream(acceptor, places, security, limits, bureau, answers);
                await submissions.RunAsync(envelopes, cancellationToken);
                more = envelopes.More;
            }
            else if (records.Current.Receipt is not null)
            {
                more = await ReceiptsAsync(bureau, records, answers, cancellationToken);
            }
            else
            {
                await answers.AskAsync(records.Current.Question, cancellationToken);
                more = await records.MoveNextAsync();
            }
        }
        return answers;
    }

    private async Task<bool> ReceiptsAsync(Caller bureau, IAsyncEnumerator<CarryRecord> records, CarryAnswers answers, CancellationToken cancellationToken)
    {
        var batch = new List<Receipt>();
        bool more;
        do
        {
            batch.Add(records.Current.Receipt);
            more = await records.MoveNextAsync();
        }
        while (more && batch.Count < CarriedReceipts.AtOnce && records.Current.Receipt is not null);
        foreach (var answer in await receipts.RecordAsync(bureau, batch, cancellationToken)) await answers.ReceiptAsync(answer, cancellationToken);
        return more;
    }

    // The file's signer is its caller: enrolled as a connection's certificate must be, and the bureau takes part.
    private Caller RequireSigner(CarryReader reader)
    {
        var (state, sha256) = (directory.State, Fingerprint.Read(reader.Signed.CertificateSha256));
        if (state.FindCertificate(sha256) is not { Use: CertificateUse.Sign } signer)
            throw new RefusalException(Reasons.CertificateNotValid, "The file's signer is not enrolled here: it is of another house, or the secretariat must enrol it.", ["data"]);
        if (signer.IsRevoked || !node.Anchor.Judge(reader.Signed.CertificateDer, CertificateUse.Sign, clock.GetUtcNow()).Ok)
            throw new RefusalException(Reasons.CertificateNotValid, "The certificate of the file's signer was revoked or is not valid now. Have the file written anew.", ["data"]);
        if (signer.Holder != Holder.Bureau(reader.Manifest.Bureau))
            throw new RefusalException(Reasons.SignerIsNotSender, "The file names another bureau than the one that signed it.", ["data"]);
        if (!reader.Signed.VerifySignature())
            throw new RefusalException(Reasons.BadSignature, "The signature does not fit the file: it was altered. Copy it again.", ["data"]);
        if (!state.TakesPart(reader.Manifest.Bureau))
            throw new RefusalException(Reasons.UnknownBureau, "This bureau does not take part any more. Ask the secretariat.", ["data"]);
        return new Caller(signer.Holder, sha256);
    }
}
