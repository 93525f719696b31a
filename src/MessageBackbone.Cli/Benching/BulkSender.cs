using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Benching;

/// <summary>Sends many small ROUTINE messages to one bureau over one SubmitMany, as fast as the node takes them.</summary>
internal sealed class BulkSender(BenchHouse house, Action<string> note, TimeProvider clock)
{
    private const string Text = "Monthly statistics are attached to the register of the sender and may be fetched there at any time.";

    public async Task SendAsync(int count, CancellationToken stop)
    {
        var keys = HolderFolder.Open(house.Pki.Root, BenchHouse.Bulk).OpenKeys();
        using var sender = NodeConnection.Open(keys, house.Node.Address, house.Pki.OpenTrustAnchor(), clock);
        using var recipient = HolderFolder.Open(house.Pki.Root, BenchHouse.Recipient).OpenKeys();
        using var call = new ExchangeService.ExchangeServiceClient(sender.Channel).SubmitMany(cancellationToken: stop);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < count; i++)
                await call.RequestStream.WriteAsync(new SubmitRequest { Envelope = Compose(sender.Keys, recipient) }, failed.Token);
            await call.RequestStream.CompleteAsync();
        }, stop);
        try
        {
            for (var accepted = 1; await call.ResponseStream.MoveNext(stop); accepted++)
            {
                if (call.ResponseStream.Current.Refused is { } refused)
                    throw new CommandFailure($"The node refused to take more: {refused.Reason}, {refused.Text}");
                if (accepted % Math.Max(1, count / 10) == 0) note($"  {accepted} of {count} are waiting");
            }
        }
        finally
        {
            await failed.CancelAsync();
            await Task.WhenAny(writing);
        }
        await writing;
    }

    private Envelope Compose(HolderKeys from, HolderKeys to)
    {
        var header = new MessageHeader
        {
            To = { BenchHouse.Recipient },
            Precedence = Precedence.Routine,
            Kind = "text",
            Handling = new Handling { Classification = Classification.OfficialUseOnly, Purpose = Purpose.Investigation },
            BodyForm = BodyForm.Sealed,
            Exercise = true,
        };
        var now = clock.GetUtcNow();
        var draft = new MessageDraft(header, new SealedContent { Text = Text });
        return MessageComposing.Compose(draft, [to.Seal!], from.Sign!, MessageId.New(now), BureauCode.Parse(BenchHouse.Bulk), now);
    }
}
