using System.CommandLine;
using System.Text;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>Opens one message: its first opening is receipted to the sender.</summary>
internal static class OpenCommand
{
    private const string Nobody = "duty-officer";

    public static DocumentedCommand Create(Shell shell)
    {
        var id = ExchangeCommands.IdArgument();
        var officer = new Option<string?>("--officer")
        {
            HelpName = "PSEUDONYM",
            Description = "Who opens it: a pseudonym that the bureau can resolve, never a name. It goes to the sender with the receipt. "
                + $"Environment: BACKBONE_OFFICER. Default: {Nobody}.",
        };
        var output = new Option<string?>("-o", "--output")
        {
            HelpName = "FILE",
            Description = "Write the file that the message carries there, or, where it carries none, its text. Nothing is overwritten.",
        };
        var save = new Option<string?>("--save")
        {
            HelpName = "DIR",
            Description = "Write the message's attachments into this folder, once they are all here and checked. Nothing is overwritten.",
        };
        return new DocumentedCommand("open", "Open a message and show it. The sender gets an OPENED receipt for the first opening.",
                "backbone inbox open 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55 --as DE --officer D-4711",
                "backbone inbox open 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55 --as DE -o notice.pdf",
                "backbone inbox open 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55 --as DE --save .")
            .With([id, officer, output, save, .. GatewayAccess.Options, CommonOptions.Json])
            .Does(shell, async (session, stop) =>
            {
                var asked = ExchangeCommands.ReadId(session.Get(id), "ID");
                var who = Officer(session.Settings.Told(officer, "BACKBONE_OFFICER") ?? Nobody);
                var path = session.Get(output) is { } told ? Free(told) : null;
                var folder = session.Get(save) is { } named ? Saving.Folder(named) : null;
                using var gateway = LocalApiClient.Open(session);
                var answer = await gateway.PostAsync($"/inbox/{asked}/open", new { Officer = who }, stop);
                var opened = answer.As<OpenedMessage>();
                if (session.Print.Json) session.Print.Data(answer);
                else Print(session, asked, opened, path is not null, folder is not null, await OwedAsync(session, gateway, asked, opened.Header, stop));
                if (path is not null) await WriteAsync(session, opened, path, stop);
                if (folder is not null) await Saving.SaveAsync(session, gateway, asked, opened.Attachments ?? [], folder, stop);
            });
    }

    // Looked at before anything is opened: an opening cannot be taken back.
    private static string Free(string path)
    {
        if (File.Exists(path) || Directory.Exists(path))
            throw new CommandFailure($"{path} exists already; nothing was opened.", "Name a file that is not there with -o.");
        return Path.GetFullPath(path);
    }

    private static string Officer(string name) => Patterns.IsOfficer(name)
        ? name
        : throw CommandFailure.Usage($"'{Plain.Line(name)}' is no pseudonym.", "It has letters, digits and . _ / - and spaces, at most 64.");

    // The header says only the class; until when is for the node to say, and the gateway asks it.
    private static async Task<string> OwedAsync(Session session, LocalApiClient gateway, string asked, MessageFacts header, CancellationToken stop)
    {
        if (header.DeadlineClass.Length == 0) return "";
        try
        {
            var status = (await gateway.GetAsync($"/messages/{asked}", stop)).As<MessageStatus>();
            var clock = status.Tracking?.Recipients.Select(r => r.Request).FirstOrDefault(r => r is not null);
            return clock?.Told(session.Shell.Clock.GetUtcNow())
                ?? (status.NodeProblem.Length > 0 ? $"until when cannot be asked now ({status.NodeProblem})" : "not by this bureau");
        }
        catch (Exception fault) when (fault is CommandFailure or GatewayUnreachableException)
        {
            // It is opened, and its sender is told so: it is shown whatever else cannot be.
            return $"until when cannot be asked now ({fault.Message})";
        }
    }

    private static void Print(Session session, string asked, OpenedMessage opened, bool written, bool saved, string owed)
    {
        session.Print.Table(["what", "is"], Facts(opened, owed).Where(f => f[1].Length > 0), "");
        if (opened.Text.Length > 0)
        {
            // Last and after an empty line: nothing that the sender wrote can be taken for what this command says.
            session.Print.Line(Plain.Lines(opened.Text));
        }
        if (opened.File is not null && !written)
            session.Print.Note("The file is not shown. " + ExchangeCommands.Next(session, $"inbox open {asked} -o FILE"));
        if (opened.Attachments is { Count: > 0 } && !saved)
            session.Print.Note("The attachments are not written. " + ExchangeCommands.Next(session, $"inbox open {asked} --save DIR"));
    }

    private static IEnumerable<IReadOnlyList<string>> Facts(OpenedMessage opened, string owed)
    {
        var header = opened.Header;
        yield return ["id", header.MessageId];
        yield return ["from", header.From];
        yield return ["to", string.Join(", ", header.To)];
        yield return ["info", string.Join(", ", header.Info)];
        yield return ["precedence", header.Precedence + (header.Exercise ? ", exercise" : "")];
        yield return ["kind", header.Kind];
        yield return ["topic", header.Topic];
        yield return ["reference", header.Reference];
        yield return ["created", Plain.Time(header.CreatedAt)];
        yield return ["deliver by", Plain.Time(header.DeliverBy)];
        yield return ["deadline class", header.DeadlineClass];
        yield return ["answer owed", owed];
        yield return ["conversation", header.Conversation];
        yield return ["answers", header.InReplyTo];
        yield return ["language", header.Language];
        yield return ["form", header.Form];
        yield return ["handling", string.Join(", ", ((string[])[header.Handling.Classification, .. header.Handling.Codes, header.Handling.Purpose,
            header.Handling.LegalBasis]).Where(h => h.Length > 0))];
        yield return ["handling note", opened.HandlingNote];
        yield return ["file", opened.File is { } file ? $"{file.Name} ({file.MediaType}, {Plain.Bytes(Size(file.Data))})" : ""];
        foreach (var one in opened.Attachments ?? [])
            yield return ["attachment", $"{one.Name} ({one.MediaType}, {Plain.Bytes(one.Size)}{Where(one)})"];
        yield return ["opened", opened.FirstOpening ? "for the first time; the sender is told" : "again"];
        yield return ["hint", opened.LooksLike?.Told ?? ""];
        yield return ["subject", opened.Subject];
    }

    private static string Where(AttachmentFacts one) => one.State switch
    {
        "here" => "",
        "failed" => $"; not fetched: {one.Reason}",
        _ => $"; {Plain.Bytes(one.Held)} of it are here",
    };

    private static async Task WriteAsync(Session session, OpenedMessage opened, string path, CancellationToken stop)
    {
        var content = opened.File is { } file ? Bytes(file.Data) : Encoding.UTF8.GetBytes(opened.Text);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var stream = new FileStream(path, options)) await stream.WriteAsync(content, stop);
        session.Print.Note($"{path}: {Plain.Bytes(content.Length)}, readable to you only.");
    }

    private static int Size(string base64) => (base64.Length / 4 * 3) - base64.Count(c => c == '=');

    private static byte[] Bytes(string base64)
    {
        try
        {
            return Convert.FromBase64String(base64);
        }
        catch (FormatException)
        {
            throw new CommandFailure("The file in the gateway's answer is no base64; nothing was written.");
        }
    }
}
