using FsCheck;
using FsCheck.Fluent;
using MessageBackbone.Domain.Messages;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Domain.Tests.Messages;

public sealed class MessageTests
{
    private static Message Given(params V1.Accepted[] events) => events.Aggregate(Message.Unknown, Message.Evolve);

    [Fact]
    public void An_unknown_id_is_accepted()
    {
        var facts = Sample.Accepted();

        Assert.Same(facts, Message.Decide(Message.Unknown, new Accept(facts)).Only<V1.Accepted>());
    }

    [Fact]
    public void The_same_header_again_adds_nothing()
    {
        Message.Decide(Given(Sample.Accepted()), new Accept(Sample.Accepted())).AddsNothing();
    }

    [Fact]
    public void Other_bytes_under_the_same_id_are_refused()
    {
        Message.Decide(Given(Sample.Accepted()), new Accept(Sample.Accepted(header: 2))).IsRefused(Reasons.DuplicateIdDifferentBytes, "message_id");
    }

    [Fact]
    public void Another_sender_cannot_repeat_a_message()
    {
        Message.Decide(Given(Sample.Accepted("FR")), new Accept(Sample.Accepted("ES"))).IsRefused(Reasons.DuplicateIdDifferentBytes, "message_id");
    }

    [Fact]
    public void Deciding_again_adds_nothing_and_folding_reaches_the_same_state()
    {
        var commands = Gen.Elements("FR", "ES")
            .SelectMany(from => Gen.Choose(1, 3).Select(header => new Accept(Sample.Accepted(from, (byte)header)))).ListOf();

        Prop.ForAll(commands.ToArbitrary(), list => Deciding.KeepsBothProperties(
            Message.Unknown, list, Message.Decide, Message.Evolve, state => $"{state.Acceptance}")).QuickCheckThrowOnFailure();
    }
}
