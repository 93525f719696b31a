using System.CommandLine;
using MessageBackbone.Cli.DirectoryActs;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>One message from the command line into the gateway's outbox.</summary>
internal sealed class SendCommand
{
    private const string StandardInput = "-";

    private readonly Option<string[]> _to = Many("--to", "DE,ES", "Bureaus that must act.");
    private readonly Option<string[]> _info = Many("--info", "GB", "Bureaus that get it for information.");
    private readonly Option<string[]> _alternate = Many("--alternate", "DE=DE-DUTY", "Who gets it instead of a recipient that takes it over too late.");
    private readonly Option<string?> _topic = One("--topic", "NAME", "A topic: its subscribers get it for information.");
    private readonly Option<string?> _precedence = Choice.Option<Precedence>("--precedence", "How urgent it is. Default: routine.");
    private readonly Option<string?> _kind = One("--kind", "KIND", "What it is: text, request, answer, clarification, clarification.answer, alert.cap … Default: text.");
    private readonly Option<string?> _text = One("--text", "TEXT", "The text.");
    private readonly Option<string?> _file = One("--file", "FILE", "A file of at most 1 MiB, with its name and its type by its ending.");
    private readonly Option<string[]> _attach = new("--attach")
    {
        HelpName = "FILE",
        Description = "A file of up to 10 GiB that travels beside the message. Several: --attach A --attach B, or --attach A B.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Argument<string?> _input = new("INPUT")
    {
        Description = "- where the text comes from standard input.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _subject = One("--subject", "LINE", "The subject; sealed like the text.");
    private readonly Option<string?> _reference = One("--reference", "NUMBER", "The bureau's own number. Not sealed: no names, no free text.");
    private readonly Option<string?> _language = One("--language", "TAG", "BCP 47 tag of the text, like fr.");
    private readonly Option<string?> _classification =
        Choice.Option<Classification>("--classification", "With --purpose. Default of both: as the gateway is configured.");
    private readonly Option<string[]> _codes = Many("--codes", "h0|h1|h2|h3", "Handling codes.");
    private readonly Option<string?> _purpose = Choice.Option<Purpose>("--purpose", "What it may be used for; with --classification.");
    private readonly Option<string?> _legalBasis = One("--legal-basis", "CODE", "With --classification and --purpose.");
    private readonly Option<string?> _replyTo = One("--reply-to", "ID", "The message that this one answers; its conversation goes on.");
    private readonly Option<string?> _conversation = One("--conversation", "ID", "The conversation. Default: that of --reply-to, else a new one.");
    private readonly Option<string?> _deliverBy = One("--deliver-by", "TIME", "After it delivery has no sense any more, like 2026-11-23T12:00:00Z.");
    private readonly Option<string?> _deadlineClass = One("--deadline-class", "CLASS", "Of --kind request: how long the answer may take, like sirene or eu-urgent-direct.");
    private readonly Option<bool> _exercise = new("--exercise") { Description = "It is an exercise." };
    private readonly Option<bool> _clear = new("--clear")
    {
        Description = "Not sealed: only for kinds that the exchange policy names, like alert.cap.",
    };

    private readonly Option<bool> _wait = new("--wait") { Description = "Wait until every recipient has receipted, and show the receipts." };

    public Command Create(Shell shell) => new DocumentedCommand("send",
            "Send a message. It is durable in the gateway's outbox when this returns, and is submitted when the node can be reached.",
            "backbone send --as FR --to DE --precedence flash --text 'Vehicle crossed the border at 14:05'",
            "backbone send --as FR --to DE,ES --info GB --subject 'Missing person' --file notice.pdf --wait",
            "backbone send --as FR --to DE --alternate DE=DE-DUTY --precedence flash --text 'Vehicle crossed the border at 14:05'",
            "backbone send --as FR --to DE --precedence immediate --text 'The recordings of gate 3' --attach gate3.mp4 plates.zip",
            "backbone send --as FR --to DE --kind request --deadline-class sirene --text 'Please confirm the identity'",
            "backbone send --as FR --topic border.alerts --kind alert.cap --file alert.cap.xml --clear",
            "backbone send --as FR --to DE --classification restricted --purpose locate_wanted --codes h1 -  < note.txt")
        .With([_to, _info, _alternate, _topic, _precedence, _kind, _text, _file, _attach, _input, _subject,
            _reference, _language, _classification, _codes, _purpose, _legalBasis,
            _replyTo, _conversation, _deliverBy, _deadlineClass, _exercise, _clear, _wait, .. GatewayAccess.Options, CommonOptions.Json])
        .Does(shell, SendAsync);

    private async Task SendAsync(Session session, CancellationToken stop)
    {
        var attached = Attaching.Check((session.Get(_attach) ?? []).Where(path => path != StandardInput));
        var message = await ReadAsync(session, attached.Count > 0, stop);
        using var gateway = LocalApiClient.Open(session);
        if (message.InReplyTo is { } answered && message.Conversation is null)
            message = message with { Conversation = await ConversationOfAsync(gateway, answered, stop) };
        if (attached.Count > 0) message = message with { Attachments = await Attaching.UploadAsync(session, gateway, attached, stop) };
        var answer = await gateway.PostAsync("/messages", message, stop);
        var reply = answer.As<SendReply>();
        var id = ExchangeCommands.ReadId(reply.MessageId, "in the gateway's answer");
        if (reply.LooksLike is { } alike) session.Print.Note($"{id} {alike.Told}: same reference, recipients and day. It is sent all the same.");
        if (session.Get(_wait))
        {
            session.Print.Note($"{id} is in the outbox; waiting for its receipts. Ctrl-C ends the waiting only.");
            await TrackCommand.WaitAsync(session, gateway, id, stop);
        }
        else if (session.Print.Json) session.Print.Data(answer);
        else session.Print.Line($"{id} is in the outbox. {ExchangeCommands.Next(session, $"track {id}")}");
    }

    private async Task<NewMessage> ReadAsync(Session session, bool attaches, CancellationToken stop)
    {
        var (to, info, topic) = (Codes(session, _to), Codes(session, _info), session.Get(_topic));
        if (to.Count + info.Count == 0 && topic is null) throw CommandFailure.Usage("Nobody is addressed.", "Give --to, --info or --topic.");
        if (topic is not null) TopicCommands.Check(topic);
        var handling = Handling(session);
        var content = await MessageContent.ReadAsync(session.Get(_text), session.Get(_file), Input(session), session.Shell.Input, attaches, stop);
        return new NewMessage
        {
            Text = content.Text,
            File = content.File,
            To = to,
            Info = info,
            Alternates = Alternates(session),
            Topic = topic,
            Precedence = session.Get(_precedence),
            Kind = session.Get(_kind),
            Subject = session.Get(_subject),
            Reference = session.Get(_reference),
            Language = session.Get(_language),
            Handling = handling,
            InReplyTo = session.Get(_replyTo) is { } answered ? ExchangeCommands.ReadId(answered, "--reply-to") : null,
            Conversation = session.Get(_conversation) is { } talk ? ExchangeCommands.ReadId(talk, "--conversation") : null,
            DeliverBy = session.Get(_deliverBy) is { } by ? EnrolCommands.ReadTime(by) : null,
            DeadlineClass = session.Get(_deadlineClass),
            Exercise = session.Get(_exercise),
            Form = session.Get(_clear) ? "clear" : null,
        };
    }

    private List<AlternateFor>? Alternates(Session session)
    {
        var pairs = Split(session.Get(_alternate)).Select(pair => pair.Split('=') is [{ Length: > 0 } recipient, { Length: > 0 } bureau]
            ? new AlternateFor(recipient, bureau)
            : throw CommandFailure.Usage($"'{Terminal.Plain.Line(pair)}' names no alternate.", "Write the recipient and its alternate: --alternate DE=DE-DUTY.")).ToList();
        return pairs.Count == 0 ? null : pairs;
    }

    // Behind --attach the lone hyphen is taken for one of its files.
    private string? Input(Session session) => session.Get(_attach)?.Contains(StandardInput) == true ? StandardInput : session.Get(_input);

    private HandlingFacts? Handling(Session session)
    {
        var (classification, purpose, basis) = (session.Get(_classification), session.Get(_purpose), session.Get(_legalBasis));
        var codes = Split(session.Get(_codes)).Select(c => Choice.Read<HandlingCode>(c) is { } code
            ? Choice.Show(code)
            : throw CommandFailure.Usage($"'{Terminal.Plain.Line(c)}' is no handling code.", "They are h0, h1, h2 and h3.")).ToList();
        if (classification is null && purpose is null && basis is null && codes.Count == 0) return null;
        if (classification is null || purpose is null)
            throw CommandFailure.Usage("Handling is told whole or not at all.", "Give --classification and --purpose together.");
        return new HandlingFacts(classification, codes, purpose, basis ?? "");
    }

    private static async Task<string> ConversationOfAsync(LocalApiClient gateway, string answered, CancellationToken stop) =>
        (await gateway.GetAsync($"/inbox/{answered}", stop)).As<InboxDetail>().Header.Conversation;

    private static List<string> Codes(Session session, Option<string[]> option) =>
        DirectoryCommands.Codes(string.Join(',', Split(session.Get(option))));

    private static IEnumerable<string> Split(string[]? given) =>
        (given ?? []).SelectMany(g => g.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static Option<string?> One(string name, string value, string description) => new(name) { HelpName = value, Description = description };

    private static Option<string[]> Many(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description + " May be repeated, or a list with commas." };
}
