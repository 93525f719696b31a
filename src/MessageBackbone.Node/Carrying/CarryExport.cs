using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Carrying;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Carrying;

/// <summary>Writes the next file to a bureau, or hands out one that it was written already.</summary>
internal sealed class CarryExport(
    CarryFolder folder, CarryBooks books, CarriedDeliveries deliveries, Tracker tracker, CurrentDirectory directory, NodeIdentity node, EventLog.IEventLog log,
    TimeProvider clock, ILogger<CarryExport> logger)
{
    private const uint Contract = 1;

    /// <summary>Messages whose state one file tells at most.</summary>
    private const int MostQuestions = 1_000_000;

    /// <summary>Half of the longest file is for deliveries, whatever answers wait.</summary>
    private const ulong RoomForDeliveries = CarryFile.MostRecords / 2;
    private const long BytesForDeliveries = CarryFile.MostContent / 2;

    /// <summary>The file, to be read from its beginning, and what is in it. The log knows of it.</summary>
    /// <exception cref="RefusalException">There is none.</exception>
    public async Task<(Stream File, CarrySummary Summary)> WriteAsync(Caller by, CarryOutRequest request, CancellationToken cancellationToken)
    {
        if (!BureauCode.TryParse(request.Bureau, out var code)) throw new RefusalException(Reasons.FieldInvalid, "Name a bureau by its code.", ["bureau"]);
        if (!directory.State.TakesPart(code.Value))
            throw new RefusalException(Reasons.UnknownBureau, "No such bureau takes part. The directory lists those that do.", ["bureau"]);
        using var turn = await books.EnterAsync(code.Value, cancellationToken);
        var book = await books.ReadAsync(code.Value, cancellationToken);
        return request.Again > 0 ? await AgainAsync(book, request, cancellationToken) : await NextAsync(by, book, request, cancellationToken);
    }

    private async Task<(Stream File, CarrySummary Summary)> AgainAsync(CarryBook book, CarryOutRequest request, CancellationToken cancellationToken)
    {
        // A file beyond the book is what a crash left: the log does not know it.
        if (request.Again > book.Out.Number || CarryFolder.Read(folder.ToBureau(request.Bureau, request.Again)) is not { } file)
        {
            var kept = book.Out.Number > book.TakenByBureau ? $"{book.TakenByBureau + 1} to {book.Out.Number}" : "none";
            throw new RefusalException(Reasons.FieldInvalid, $"This file is not kept; kept are: {kept}. What is still open is in the next file.", ["again"]);
        }
        try
        {
            return (file, await CarryReader.DescribeAsync(file, cancellationToken));
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private async Task<(Stream File, CarrySummary Summary)> NextAsync(Caller by, CarryBook book, CarryOutRequest request, CancellationToken cancellationToken)
    {
        await using var spool = folder.Spool();
        await using var presented = new CarriedAttempts(folder.Spool()) { At = clock.GetUtcNow() };
        using var content = new CarryContent(spool);
        // What the directory does not know yet is not delivered: the gateway could not verify it.
        var end = await log.EndAsync(cancellationToken);
        await directory.WaitForAsync(end, cancellationToken);
        await DescribeAsync(content, cancellationToken);
        await AnswerAsync(request.Bureau, content, cancellationToken);
        var kept = await deliveries.AddAsync(content, presented, request, end, cancellationToken);
        await spool.FlushAsync(cancellationToken);
        spool.Position = 0;
        var at = clock.GetUtcNow();
        var manifest = content.Describe(new CarryManifest
        {
            Bureau = request.Bureau,
            Direction = CarryDirection.ToBureau,
            Number = book.Out.Number + 1,
            PreviousSha256 = book.Out.Sha256,
            CreatedAt = at.ToTimestamp(),
            Received = book.In.Number,
        });
        var path = folder.ToBureau(request.Bureau, manifest.Number);
        var (sha256, size) = await folder.WriteAsync(path, file => CarryFile.WriteAsync(file, manifest, spool, node.Sign, at, cancellationToken));
        var digest = UnsafeByteOperations.UnsafeWrap(sha256);
        var export = new ExportFile(manifest, digest, content.Tally.MessageCount, by.Holder.Uri, at, node.Name);
        await books.RecordAsync(request.Bureau, export, by.Holder.Uri);
        await deliveries.RecordAsync(request.Bureau, presented);
        CarryLog.Exported(logger, manifest.Number, request.Bureau, content.Tally.MessageCount);
        var summary = content.Tally.Describe(manifest, digest, size);
        summary.Left = kept.Left;
        summary.NotCarried.Add(kept.NotCarried);
        summary.NotCarriedMore = kept.More;
        return (CarryFolder.Read(path)!, summary);
    }

    private async Task DescribeAsync(CarryContent content, CancellationToken cancellationToken)
    {
        var welcome = new Welcome { Node = node.Name, House = node.House, Log = log.Name, Contract = Contract };
        await content.AddAsync(new CarryRecord { Welcome = welcome }, cancellationToken);
        var state = directory.State;
        foreach (var touch in DirectoryTouch.All(state))
            await content.AddAsync(new CarryRecord { Directory = DirectoryViews.Update(state, touch) }, cancellationToken);
        await content.AddAsync(new CarryRecord { Directory = new DirectoryUpdate { Position = state.Position, CaughtUp = true } }, cancellationToken);
    }

    // What its files brought, and, as of now, what became of the messages that they asked for. What finds no room costs a round: the bureau's next file asks
    // again (decision 0128).
    private async Task AnswerAsync(string bureau, CarryContent content, CancellationToken cancellationToken)
    {
        var asked = new HashSet<Guid>();
        foreach (var path in folder.Answers(bureau))
        {
            await using var file = CarryFolder.Read(path)!;
            while (file.Position < file.Length)
            {
                var record = CarryRecord.Parser.ParseDelimitedFrom(file);
                if (record.RecordCase != CarryRecord.RecordOneofCase.Question) await AddAnswerAsync(content, record, cancellationToken);
                else if (asked.Count < MostQuestions) asked.Add(Guid.Parse(record.Question));
            }
        }
        var caller = new Caller(Holder.Bureau(bureau), default);
        foreach (var id in asked.Select(id => id.ToString("D")))
            if (HasRoom(content) && await tracker.FindAsync(caller, id, cancellationToken) is not null)
                await AddTrackingAsync(content, bureau, await tracker.TrackAsync(caller, id, cancellationToken), cancellationToken);
    }

    private static Task AddAnswerAsync(CarryContent content, CarryRecord record, CancellationToken cancellationToken) =>
        HasRoom(content) ? content.AddAsync(record, cancellationToken) : Task.CompletedTask;

    private static bool HasRoom(CarryContent content) => content.Room > RoomForDeliveries && content.RoomBytes > BytesForDeliveries;

    // Many recipients with large receipts. No file can hold it, and the bureau asks for it in each of its own: only a line tells it then.
    private async Task AddTrackingAsync(CarryContent content, string bureau, Tracking tracking, CancellationToken cancellationToken)
    {
        var record = new CarryRecord { Tracking = tracking };
        if (record.CalculateSize() <= CarryFile.LargestRecord) await content.AddAsync(record, cancellationToken);
        else CarryLog.TrackingTooLarge(logger, tracking.MessageId, bureau);
    }
}
