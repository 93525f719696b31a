using System.Text;
using MessageBackbone.Gateway;
using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Demo;

/// <summary>One file that the demo sends.</summary>
/// <param name="Name">Its path below the folder, with slashes: by this it is drawn, so that a seed gives the same draw on every machine.</param>
internal sealed record DemoItem(string Name, byte[] Bytes)
{
    private const string CapNamespace = "urn:oasis:names:tc:emergency:cap:";
    private const string RequestMark = ".request.";
    private const string AnswerMark = ".answer.";
    private const int Sniffed = 4096;

    /// <summary>Where it lies, when it is too large for a message and travels beside one; then <see cref="Bytes"/> are its first ones only.</summary>
    public string? LargeFile { get; init; }

    /// <summary>Read when its turn comes: it is never whole in memory.</summary>
    public async Task<StagedAttachment> AttachAsync(GatewayHost gateway, CancellationToken stop)
    {
        await using var file = File.OpenRead(LargeFile!);
        return await gateway.AttachAsync(file, Patterns.IsOneLine(FileName, 255) ? FileName : "attachment", MediaTypes.Of(Extension), stop);
    }

    public string FileName => Path.GetFileName(Name);

    /// <summary>The request that this one answers, by its name; null: it answers none.</summary>
    public string? Answers => FileName.Contains(AnswerMark, StringComparison.Ordinal) ? Name.Replace(AnswerMark, RequestMark, StringComparison.Ordinal) : null;

    public string Kind => this switch
    {
        _ when FileName.Contains(RequestMark, StringComparison.Ordinal) => "request",
        _ when Answers is not null => "answer",
        _ when LargeFile is not null => "file",
        _ when Extension is "xml" or "cap" && Head.Contains(CapNamespace, StringComparison.Ordinal) => "alert.cap",
        _ when Extension is "json" && Head.Contains("\"bundle\"", StringComparison.Ordinal) && Head.Contains("\"type\"", StringComparison.Ordinal) => "indicators.stix",
        _ when Text is not null => "text",
        _ => "file",
    };

    /// <summary>The draft without sender, recipients and precedence. Plain text travels as text; everything else as a file, byte for byte.</summary>
    public Draft Draft() => new()
    {
        Kind = Kind,
        // The one kind that the default policy lets travel unsealed: so both body forms are on the way.
        Form = Kind == "alert.cap" ? BodyForm.Clear : BodyForm.Sealed,
        Subject = Subject,
        Text = Text ?? "",
        Data = Text is null && LargeFile is null ? Bytes : default(ReadOnlyMemory<byte>),
        FileName = Text is null && LargeFile is null && Patterns.IsOneLine(FileName, 255) ? FileName : "",
        MediaType = Text is null && LargeFile is null ? MediaTypes.Of(Extension) : "",
    };

    private string Extension => Path.GetExtension(Name).TrimStart('.').ToLowerInvariant();

    private string Head => Encoding.UTF8.GetString(Bytes.AsSpan(0, Math.Min(Bytes.Length, Sniffed)));

    private string Subject => Patterns.IsOneLine(Name, 500) ? Name : "";

    private string? Text => LargeFile is null && Extension is "txt" or "md" && StrictUtf8(Bytes) is { } text && Patterns.IsText(text) ? text : null;

    private static string? StrictUtf8(byte[] bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

/// <summary>Media types of the files that people try the demo with.</summary>
internal static class MediaTypes
{
    private static readonly Dictionary<string, string> ByExtension = new(StringComparer.Ordinal)
    {
        ["txt"] = "text/plain",
        ["md"] = "text/markdown",
        ["csv"] = "text/csv",
        ["tsv"] = "text/tab-separated-values",
        ["json"] = "application/json",
        ["xml"] = "application/xml",
        ["cap"] = "application/cap+xml",
        ["pdf"] = "application/pdf",
        ["png"] = "image/png",
        ["jpg"] = "image/jpeg",
        ["gif"] = "image/gif",
        ["webp"] = "image/webp",
        ["bmp"] = "image/bmp",
    };

    public static string Of(string extension) => ByExtension.GetValueOrDefault(extension, "application/octet-stream");
}
