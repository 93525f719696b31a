using Google.Protobuf;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Carrying;

/// <summary>What is in a carry file, by its own word: counts only, nothing of the content.</summary>
public sealed class CarryTally
{
    private readonly SortedDictionary<Precedence, ulong> _messages = [];

    public ulong Records { get; private set; }

    public ulong Receipts { get; private set; }

    public ulong Answers { get; private set; }

    public ulong Trackings { get; private set; }

    /// <summary>Envelopes or deliveries, the most urgent first; unspecified: the header cannot be read.</summary>
    public IEnumerable<CarryCount> Messages => _messages.Reverse().Select(level => new CarryCount { Precedence = level.Key, Count = level.Value });

    public ulong MessageCount => _messages.Values.Aggregate(0ul, (sum, count) => sum + count);

    public void Add(CarryRecord record)
    {
        Records++;
        switch (record.RecordCase)
        {
            case CarryRecord.RecordOneofCase.Envelope:
                Count(record.Envelope);
                break;
            case CarryRecord.RecordOneofCase.Delivery:
                Count(record.Delivery.Envelope);
                break;
            case CarryRecord.RecordOneofCase.Receipt or CarryRecord.RecordOneofCase.ReceiptAnswer:
                Receipts++;
                break;
            case CarryRecord.RecordOneofCase.Answer:
                Answers++;
                break;
            case CarryRecord.RecordOneofCase.Question or CarryRecord.RecordOneofCase.Tracking:
                Trackings++;
                break;
            default:
                break; // the directory and the welcome
        }
    }

    /// <summary>What is to be told of the file that has this content.</summary>
    /// <param name="sha256">Of the whole file.</param>
    /// <param name="size">Of the whole file, in bytes.</param>
    public CarrySummary Describe(CarryManifest manifest, ByteString sha256, long size) => new()
    {
        Bureau = manifest.Bureau,
        Direction = manifest.Direction,
        Number = manifest.Number,
        Sha256 = sha256,
        Size = (ulong)size,
        CreatedAt = manifest.CreatedAt,
        Records = Records,
        Messages = { Messages },
        Receipts = Receipts,
        Answers = Answers,
        Trackings = Trackings,
    };

    private void Count(Envelope? envelope)
    {
        var level = envelope is not null && ReceiptBuilding.TryRead(envelope.Header.Memory, MessageHeader.Parser, out _, out var header, out _)
            && Enum.IsDefined(header.Precedence) ? header.Precedence : Precedence.Unspecified;
        _messages[level] = _messages.GetValueOrDefault(level) + 1;
    }
}
