using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Browser.Driving;
using MessageBackbone.Browser.Houses;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Recording;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Browser.States;

/// <summary>Two hundred bureaus, and very many messages that nobody fetches.</summary>
/// <remarks>A million takes longer to write than a test may take; twenty thousand look the same, four digits shorter. What a million costs is measured by the
/// benches.</remarks>
public sealed class HugeTests(Chromium chromium)
{
    private const int Bureaus = 200, Messages = 20_000;

    private static readonly string[] Codes = [.. Enumerable.Range(0, Bureaus).Select(i => $"B{(char)('A' + (i / 20))}{(char)('A' + (i % 20))}")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_board_shows_what_needs_eyes_and_all_of_it_when_asked()
    {
        await using var watch = await Watch.OpenAsync(options => options.Escalation.Flash.Off = options.Escalation.Immediate.Off = options.Escalation.Priority.Off = true);
        await Parallel.ForEachAsync(Codes, Cancel, async (code, _) => await watch.House.RegisterAsync(code));
        await LayInAsync(watch.House);
        await using var watcher = await watch.EnterAsync(chromium);

        await watcher.GoAsync("");
        await Assertions.Expect(watcher.Page.Locator(".tiles")).ToContainTextAsync("5,000", new() { Timeout = 60_000 });
        Assert.Equal(60, await watcher.Page.Locator(".matrix tbody tr").CountAsync());
        await LookAsync(watcher, "board");
        await watcher.GoAsync("?all=true");
        Assert.Equal(Bureaus, await watcher.Page.Locator(".matrix tbody tr").CountAsync());
        await LookAsync(watcher, "all");
        foreach (var page in (string[])["wall", "alarms", "messages", "traffic", "directory"])
        {
            await watcher.GoAsync(page);
            await LookAsync(watcher, page);
        }

        watcher.AssertQuiet();
    }

    private static async Task LookAsync(Watcher watcher, string name)
    {
        await watcher.PictureAsync("huge", name);
        await watcher.AssertNotWiderThanWindowAsync();
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
            Kind = "text",
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
