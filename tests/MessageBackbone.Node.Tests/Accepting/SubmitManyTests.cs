using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Accepting;

public sealed class SubmitManyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_of_one_stream_and_precedence_are_recorded_in_the_order_sent()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        Envelope[] sent = [.. Enumerable.Range(0, 300).Select(i => house["FR"].Compose(house["DE"], header => header.Precedence = (Precedence)(1 + (i % 4))))];

        var outcomes = await SubmitAsync(house["FR"], sent);

        Assert.All(outcomes, outcome => Assert.Equal(SubmitOutcome.OutcomeOneofCase.Accepted, outcome.OutcomeCase));
        Assert.Equal(Enumerable.Range(0, 300).Select(i => (ulong)i), outcomes.Select(outcome => outcome.Index).Order());
        Assert.All(outcomes, outcome => Assert.Equal(house["FR"].HeaderOf(sent[outcome.Index]).MessageId, outcome.MessageId));
        var recorded = await RecordedAsync(house);
        foreach (var level in sent.Select(house["FR"].HeaderOf).GroupBy(header => header.Precedence))
        {
            var ids = level.Select(header => header.MessageId).ToList();
            Assert.Equal(ids, recorded.Where(ids.Contains));
        }
    }

    [Fact]
    public async Task A_refused_message_does_not_hold_up_the_others()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var good = house["FR"].Compose(house["DE"]);
        var bad = house["FR"].Resign(house["FR"].Compose(house["DE"]), header => header.Handling.Purpose = Purpose.Unspecified);
        Envelope[] sent = [good, bad, new Envelope(), good, house["FR"].Compose(house["DE"])];

        var outcomes = (await SubmitAsync(house["FR"], sent)).OrderBy(outcome => outcome.Index).ToList();

        Refused.Check(outcomes[1].Refused);
        Refused.Check(outcomes[2].Refused);
        Assert.Equal(Reasons.FieldInvalid, outcomes[1].Refused.Reason);
        Assert.Equal(["handling.purpose"], outcomes[1].Refused.Fields);
        Assert.Equal(house["FR"].HeaderOf(bad).MessageId, outcomes[1].MessageId);
        Assert.Equal((Reasons.Malformed, ""), (outcomes[2].Refused.Reason, outcomes[2].MessageId));
        Assert.True(outcomes[0].Accepted.Duplicate ^ outcomes[3].Accepted.Duplicate);
        Assert.Equal(2, await house.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task An_open_stream_ends_when_its_callers_certificate_is_revoked()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        using var call = house["FR"].Exchange.SubmitMany(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new SubmitRequest { Envelope = house["FR"].Compose(house["DE"]) }, Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));

        await house.RevokeAsync(house["FR"].Keys.Tls.RawData);

        var ended = call.ResponseStream.MoveNext(Cancel).WaitAsync(TimeSpan.FromSeconds(5), Cancel);
        await Refused.ForAsync(Reasons.CertificateNotValid, () => ended);
    }

    [Fact]
    [Refuses(Reasons.TooLarge)]
    public async Task A_message_larger_than_any_that_is_read_ends_the_stream_with_the_reason()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        using var call = house["FR"].Exchange.SubmitMany(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new SubmitRequest { Envelope = house["FR"].Compose(house["DE"]) }, Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        var large = new Envelope { Body = ByteString.CopyFrom(new byte[4_000_000]) };
        var ended = call.ResponseStream.MoveNext(Cancel);

        // The node may answer before it was sent whole: then the write fails too, and the reason is in the answer.
        await Record.ExceptionAsync(() => call.RequestStream.WriteAsync(new SubmitRequest { Envelope = large }, Cancel));

        await Refused.ForAsync(Reasons.TooLarge, () => ended);
        Assert.Equal(1, await house.CountAsync("message.accepted.v1"));
    }

    private static async Task<List<SubmitOutcome>> SubmitAsync(Party party, IEnumerable<Envelope> envelopes)
    {
        using var call = party.Exchange.SubmitMany(cancellationToken: Cancel);
        var reading = ReadAsync(call.ResponseStream);
        foreach (var envelope in envelopes)
        {
            await call.RequestStream.WriteAsync(new SubmitRequest { Envelope = envelope }, Cancel);
        }

        await call.RequestStream.CompleteAsync();
        return await reading;
    }

    private static async Task<List<SubmitOutcome>> ReadAsync(IAsyncStreamReader<SubmitOutcome> stream)
    {
        var outcomes = new List<SubmitOutcome>();
        while (await stream.MoveNext(Cancel))
        {
            outcomes.Add(stream.Current);
        }

        return outcomes;
    }

    private static async Task<List<string>> RecordedAsync(House house)
    {
        var ids = new List<string>();
        await foreach (var batch in house.Log.ReadAllAsync(LogPosition.Start, Cancel))
        {
            ids.AddRange(batch.Where(e => e.Type == "message.accepted.v1").Select(e => Accepted.Parser.ParseFrom(e.Data.Span).Content.MessageId));
        }

        return ids;
    }
}
