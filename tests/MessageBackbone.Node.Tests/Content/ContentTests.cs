using System.Security.Cryptography;
using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Node.Content;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Content;

public sealed class ContentTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_large_body_comes_in_chunks_from_any_offset_on()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        house["FR"].Content = new SealedContent { Data = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(1 << 20)), MediaType = "application/octet-stream" };
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);

        Assert.Equal(message.Body, await DownloadAsync(house["DE"], house["FR"].HeaderOf(message), 0));
        Assert.Equal(message.Body.ToByteArray()[700_001..], (await DownloadAsync(house["DE"], house["FR"].HeaderOf(message), 700_001)).ToByteArray());
        Assert.Empty(await DownloadAsync(house["FR"], house["FR"].HeaderOf(message), (ulong)message.Body.Length));
        await Refused.ForAsync(
            Reasons.FieldInvalid, () => DownloadAsync(house["FR"], house["FR"].HeaderOf(message), (ulong)message.Body.Length + 1));
    }

    [Fact]
    public async Task Bodies_without_an_accepted_message_are_dropped_a_day_later_and_no_others()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var store = house.Node.Services.GetRequiredService<ContentStore>();
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);
        var (kept, orphan) = (Fingerprint.Of(message.Body.Span), ByteString.CopyFromUtf8("nobody's"));
        // The same body claimed once more, by a message that never comes.
        await store.StoreAsync(kept, message.Body, "0199a1b2-0000-7000-8000-000000000001", Cancel);
        await store.StoreAsync(Fingerprint.Of(orphan.Span), orphan, "0199a1b2-0000-7000-8000-000000000002", Cancel);
        var sweep = house.Node.Services.GetRequiredService<OrphanSweep>();

        Assert.Equal(0, await sweep.SweepAsync(Cancel));
        house.Clock.Advance(TimeSpan.FromHours(25));
        await sweep.SweepAsync(Cancel);

        Assert.Equal(message.Body.ToByteArray(), store.ReadAll(kept));
        Assert.Null(store.Size(Fingerprint.Of(orphan.Span)));
        Assert.Empty(store.OldClaims(house.Clock.GetUtcNow().AddDays(1), 10));
    }

    [Fact]
    public async Task A_claim_that_was_made_again_while_the_sweep_judged_it_keeps_its_body()
    {
        await using var house = await House.OpenAsync();
        var store = house.Node.Services.GetRequiredService<ContentStore>();
        var body = ByteString.CopyFromUtf8("sent again");
        await store.StoreAsync(Fingerprint.Of(body.Span), body, "0199a1b2-0000-7000-8000-000000000001", Cancel);
        house.Clock.Advance(TimeSpan.FromHours(25));
        var before = house.Clock.GetUtcNow().AddHours(-24);
        var claim = Assert.Single(store.OldClaims(before, 10));

        await store.StoreAsync(Fingerprint.Of(body.Span), body, claim.MessageId, Cancel);
        await store.SettleAsync(claim, before, accepted: false, Cancel);

        Assert.Equal(body.Length, store.Size(Fingerprint.Of(body.Span)));
        house.Clock.Advance(TimeSpan.FromHours(25));
        await house.Node.Services.GetRequiredService<OrphanSweep>().SweepAsync(Cancel);
        Assert.Null(store.Size(Fingerprint.Of(body.Span)));
    }

    [Fact]
    public async Task Many_writers_are_served_by_groups()
    {
        await using var house = await House.OpenAsync();
        var store = house.Node.Services.GetRequiredService<ContentStore>();
        ByteString[] bodies = [.. Enumerable.Range(0, 500).Select(i => ByteString.CopyFromUtf8($"body {i % 400}"))];

        await Task.WhenAll(bodies.Select((body, i) => store.StoreAsync(Fingerprint.Of(body.Span), body, $"m{i}", Cancel)));

        Assert.All(bodies, body => Assert.Equal(body.Length, store.Size(Fingerprint.Of(body.Span))));
    }

    private static async Task<ByteString> DownloadAsync(Party party, MessageHeader header, ulong offset)
    {
        var request = new ContentRequest { MessageId = header.MessageId, Sha256 = header.BodySha256, Offset = offset };
        using var call = party.Exchange.DownloadContent(request, cancellationToken: Cancel);
        var bytes = new List<byte>();
        while (await call.ResponseStream.MoveNext(Cancel))
        {
            var chunk = call.ResponseStream.Current;
            Assert.Equal(offset + (ulong)bytes.Count, chunk.Offset);
            Assert.InRange(chunk.Data.Length, 1, 256 * 1024);
            bytes.AddRange(chunk.Data);
        }

        return ByteString.CopyFrom([.. bytes]);
    }
}
