using System.Text;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>What is sealed: a text, or a file.</summary>
internal sealed record MessageContent(string? Text, FilePart? File)
{
    private const int Most = 1 << 20; // wire.md §7: content before sealing

    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly Dictionary<string, string> _types = new(StringComparer.OrdinalIgnoreCase)
    {
        [".csv"] = "text/csv",
        [".docx"] = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        [".eml"] = "message/rfc822",
        [".html"] = "text/html",
        [".jpeg"] = "image/jpeg",
        [".jpg"] = "image/jpeg",
        [".json"] = "application/json",
        [".md"] = "text/markdown",
        [".pdf"] = "application/pdf",
        [".png"] = "image/png",
        [".txt"] = "text/plain",
        [".xml"] = "application/xml",
        [".zip"] = "application/zip",
    };

    public static async Task<MessageContent> ReadAsync(string? text, string? file, string? input, Stream standardInput, bool mayBeEmpty, CancellationToken stop)
    {
        if (input is not (null or "-"))
            throw CommandFailure.Usage($"'{Plain.Line(input)}' is not understood.",
                "Give the text with --text, a file with --file, or - for standard input.");
        if (mayBeEmpty && text is null && file is null && input is null) return new MessageContent("", null);
        if ((text is null ? 0 : 1) + (file is null ? 0 : 1) + (input is null ? 0 : 1) != 1)
            throw CommandFailure.Usage("A message has one content.", "Give one of --text TEXT, --file FILE and - (standard input).");
        if (file is not null) return new MessageContent(null, await FileAsync(file, stop));
        return new MessageContent(text ?? await InputAsync(standardInput, stop), null);
    }

    /// <summary>The media type that a file's ending says.</summary>
    public static string TypeOf(string path) => _types.GetValueOrDefault(Path.GetExtension(path), "application/octet-stream");

    private static async Task<FilePart> FileAsync(string path, CancellationToken stop)
    {
        if (Directory.Exists(path)) throw new CommandFailure($"{path} is a folder.", "Send its files one by one.");
        if (!System.IO.File.Exists(path)) throw new CommandFailure($"{path} does not exist.");
        await using var stream = System.IO.File.OpenRead(path);
        var bytes = await ReadAsync(stream, path, stop);
        if (bytes.Length == 0) throw new CommandFailure($"{path} is empty.");
        return new FilePart(Path.GetFileName(path),
            TypeOf(path), Convert.ToBase64String(bytes));
    }

    private static async Task<string> InputAsync(Stream standardInput, CancellationToken stop)
    {
        var bytes = await ReadAsync(standardInput, "Standard input", stop);
        if (bytes.Length == 0) throw new CommandFailure("Standard input is empty.");
        try
        {
            return _strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new CommandFailure("Standard input is no UTF-8 text.", "Send it with --file.");
        }
    }

    /// <summary>The whole of it, or a refusal as soon as it is known to be too large: it is read no further.</summary>
    private static async Task<byte[]> ReadAsync(Stream stream, string name, CancellationToken stop)
    {
        if (stream is { CanSeek: true, Length: > Most }) throw TooLarge(name, $"has {Plain.Bytes(stream.Length)}");
        using var content = new MemoryStream();
        var buffer = new byte[64 << 10];
        while (await stream.ReadAsync(buffer, stop) is > 0 and var count)
        {
            await content.WriteAsync(buffer.AsMemory(0, count), stop);
            if (content.Length > Most) throw TooLarge(name, "is larger");
        }
        return content.ToArray();
    }

    private static CommandFailure TooLarge(string name, string size) =>
        new($"{name} {size}; the content of a message has at most 1 MiB.", "Send it beside the message with --attach.");
}
