using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Recording;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Browser.Houses;

/// <summary>Two hundred bureaus, and very many messages that nobody fetches; the first ones are requests that nobody answers.</summary>
/// <remarks>A million takes longer to write than a test may take; twenty thousand look the same, four digits shorter. What a million costs is measured by the
/// benches.</remarks>
public sealed class HugeHouse : IAsyncLifetime
{
    internal const int Bureaus = 200, Messages = 20_000, Requests = 120;

    private Watch? _watch;

    internal static IReadOnlyList<string> Codes { get; } = [.. Enumerable.Range(0, Bureaus).Select(i => $"B{(char)('A' + (i / 20))}{(char)('A' + (i % 20))}")];

    internal Watch Watch => _watch!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _watch = await Watch.OpenAsync(options => options.Escalation.Flash.Off = options.Escalation.Immediate.Off = options.Escalation.Priority.Off = true);
        await Parallel.ForEachAsync(Codes, Cancel, async (code, _) => await Watch.House.RegisterAsync(code));
        await LayInAsync(Watch.House);
    }

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null) await _watch.DisposeAsync();
    }

    private static async Task LayInAsync(House house)
    {
        var recorder = house.Node.Services.GetRequiredService<EventRecorder>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Messages), new ParallelOptions { MaxDegreeOfParallelism = 256, CancellationToken = Cancel }, async (i, stop) =>
        {
            var accepted = NewAccepted(house.Clock.GetUtcNow(), i);
            var @event = recorder.Prepare(accepted, new Provenance("urn:backbone:node:node", accepted.Content.MessageId));
            await house.Log.AppendAsync(StreamId.Message(accepted.Content.MessageId), ExpectedRevision.NoStream, [@event], stop);
        });
    }

    private static Accepted NewAccepted(DateTimeOffset now, int i)
    {
        var to = Codes[i * 7 % Bureaus];
        var content = new MessageHeader
        {
            MessageId = MessageId.New(now).Value,
            From = Codes[(i * 7 + 1) % Bureaus],
            To = { to },
            Kind = i < Requests ? "request" : "text",
            DeadlineClass = i < Requests ? "hit-urgent" : "",
            Precedence = (Precedence)(1 + (i % 4)),
            CreatedAt = now.ToTimestamp(),
            ConversationId = Guid.CreateVersion7(now).ToString(),
            Handling = new Handling { Classification = Classification.Restricted, Purpose = Purpose.Investigation },
            BodyForm = BodyForm.Sealed,
            BodySha256 = ByteString.CopyFrom(new byte[32]),
        };
        var header = content.ToByteString();
        return new Accepted
        {
            Header = header,
            HeaderSha256 = ByteString.CopyFrom(Digests.Sha256(header.Span)),
            Content = content,
            AcceptedAt = now.ToTimestamp(),
            Node = "node",
            SignerSha256 = ByteString.CopyFrom(new byte[32]),
            Recipients = { to },
            ExpiresAt = now.AddDays(30).ToTimestamp(),
        };
    }
}
