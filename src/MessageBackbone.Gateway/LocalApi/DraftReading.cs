using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>Reads what a local caller wants to send, as JSON or as a form. Throws <see cref="DraftRefusedException"/> for what cannot be read.</summary>
internal static class DraftReading
{
    public static Draft Read(SendRequest request) => new()
    {
        To = request.To,
        Info = request.Info,
        Alternates = [.. request.Alternates.Select(a => new Alternate { InsteadOf = a.InsteadOf, Bureau = a.Bureau })],
        Topic = request.Topic,
        Precedence = Value<Precedence>(request.Precedence, "precedence"),
        Kind = request.Kind,
        Form = Value<BodyForm>(request.Form, "form"),
        Handling = request.Handling is { } handling ? Handling(handling) : null,
        HandlingNote = request.Handling?.Note ?? "",
        Subject = request.Subject,
        Text = request.Text,
        Data = request.File is { } file ? Base64(file.Data) : default,
        MediaType = request.File is { } typed ? MediaType(typed.MediaType) : "",
        FileName = request.File?.Name ?? "",
        Reference = request.Reference,
        Language = request.Language,
        InReplyTo = request.InReplyTo,
        ConversationId = request.Conversation,
        DeliverBy = request.DeliverBy?.ToUniversalTime(),
        DeadlineClass = request.DeadlineClass,
        Exercise = request.Exercise,
        Attachments = [.. request.Attachments.Select(token => StagedAttachment.Read(token) ?? throw Invalid("Not a token of /attachments.", "attachments"))],
    };

    /// <summary>
    /// The fields of <see cref="SendRequest"/> as form fields, lists repeated or with commas, handling's with the prefix "handling.", and one file "file".
    /// The whole form stays in memory: a buffer on disk would hold the content in clear.
    /// </summary>
    public static async Task<Draft> ReadFormAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        IFormCollection form;
        try
        {
            form = await request.ReadFormAsync(
                new FormOptions { MemoryBufferThreshold = maxBytes, MultipartBodyLengthLimit = maxBytes, ValueLengthLimit = maxBytes, ValueCountLimit = 2048 }, cancellationToken);
        }
        catch (InvalidDataException)
        {
            throw Invalid("The form cannot be read, or is larger than permitted.", "form");
        }
        if (form.Files.Count > 1) throw Invalid("One file a message.", "file");
        var draft = Read(Fields(form));
        if (form.Files.Count == 0) return draft;
        using var content = new MemoryStream();
        await form.Files[0].CopyToAsync(content, cancellationToken);
        return draft with { Data = content.ToArray(), FileName = form.Files[0].FileName, MediaType = MediaType(form.Files[0].ContentType) };
    }

    private static SendRequest Fields(IFormCollection form)
    {
        string One(string name, string otherwise = "") => form[name] switch { [] => otherwise, [{ } one] => one, _ => throw Invalid("Only once.", name) };
        string[] Many(string name) => [.. form[name].SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        return new SendRequest
        {
            To = Many("to"),
            Info = Many("info"),
            Alternates = [.. Many("alternates").Select(Pair)],
            Topic = One("topic"),
            Precedence = One("precedence", "routine"),
            Kind = One("kind", "text"),
            Subject = One("subject"),
            Text = One("text"),
            Reference = One("reference"),
            Handling = form.Keys.Any(k => k.StartsWith("handling.", StringComparison.Ordinal)) ? new HandlingShape
            {
                Classification = One("handling.classification"),
                Codes = Many("handling.codes"),
                Purpose = One("handling.purpose"),
                LegalBasis = One("handling.legal_basis"),
                Note = One("handling.note"),
            } : null,
            Language = One("language"),
            InReplyTo = One("in_reply_to"),
            Conversation = One("conversation"),
            DeliverBy = One("deliver_by") is { Length: > 0 } by ? Time(by) : null,
            DeadlineClass = One("deadline_class"),
            Exercise = One("exercise", "false") switch { "true" => true, "false" => false, _ => throw Invalid("true or false.", "exercise") },
            Attachments = Many("attachments"),
            Form = One("form", "sealed"),
        };
    }

    // In a form a pair is one word.
    private static AlternateShape Pair(string text) => text.Split('=') is [var recipient, var bureau]
        ? new AlternateShape { InsteadOf = recipient, Bureau = bureau }
        : throw Invalid("A recipient and its alternate, like DE=DE-DUTY.", "alternates");

    private static Handling Handling(HandlingShape shape)
    {
        var handling = new Handling
        {
            Classification = Value<Classification>(shape.Classification, "handling.classification"),
            Purpose = Value<Purpose>(shape.Purpose, "handling.purpose"),
            LegalBasis = shape.LegalBasis,
        };
        handling.Codes.AddRange(shape.Codes.Select(c => Value<HandlingCode>(c, "handling.codes")));
        return handling;
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParse(text, null, System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw Invalid("A time like 2026-11-23T12:00:00Z.", "deliver_by");

    private static T Value<T>(string name, string field)
        where T : struct, Enum =>
        EnumNames.TryParse<T>(name, out var value) ? value : throw Invalid($"One of {string.Join(", ", EnumNames.All<T>())}.", field);

    private static byte[] Base64(string text)
    {
        var bytes = new byte[text.Length * 3L / 4];
        return Convert.TryFromBase64String(text, bytes, out var count) ? bytes[..count] : throw Invalid("Not base64.", "file.data");
    }

    // "text/plain; charset=utf-8" is what browsers and curl send; the contract has the type alone.
    private static string MediaType(string? text) =>
        string.IsNullOrWhiteSpace(text) ? "application/octet-stream" : text.Split(';')[0].Trim().ToLowerInvariant();

    private static DraftRefusedException Invalid(string text, string field) => new(Reasons.FieldInvalid, $"{field}: {text}", [field]);
}
