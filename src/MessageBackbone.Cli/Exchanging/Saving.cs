using System.Security.Cryptography;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>Writes the files of an opened message into a folder. A file is there whole and checked, or not at all.</summary>
internal static class Saving
{
    private const string DigestHeader = "Backbone-Plain-Sha256";
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);

    /// <summary>Looked at before anything is opened: an opening cannot be taken back.</summary>
    public static string Folder(string path) => Directory.Exists(path)
        ? Path.GetFullPath(path)
        : throw new CommandFailure($"{path} is no folder; nothing was opened.", "Name one that is there with --save.");

    public static async Task SaveAsync(
        Session session, LocalApiClient gateway, string id, IReadOnlyList<AttachmentFacts> attachments, string folder, CancellationToken stop)
    {
        foreach (var one in attachments)
        {
            var path = await SaveAsync(session, gateway, id, one, folder, stop);
            session.Print.Note($"{Plain.Line(path)}: {Plain.Bytes(one.Size)}, checked, readable to you only.");
        }
        if (attachments.Count == 0) session.Print.Note("The message has no attachments.");
    }

    private static async Task<string> SaveAsync(
        Session session, LocalApiClient gateway, string id, AttachmentFacts one, string folder, CancellationToken stop)
    {
        if (one.Sha256.Length != 64 || !one.Sha256.All(char.IsAsciiHexDigitLower)) throw new CommandFailure("The gateway named an attachment by no hash.");
        using var answer = await WhenHereAsync(session, gateway, id, one, stop);
        var name = SafeNames.Of(one.Name);
        var part = SafeNames.Free(folder, $"{name}.part");
        try
        {
            await WriteAsync(session, answer, part, name, stop);
            var path = SafeNames.Free(folder, name);
            File.Move(part, path, overwrite: false);
            return path;
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    // The gateway fetches it in the background; a duty officer who wants it waits here for it.
    private static async Task<HttpResponseMessage> WhenHereAsync(
        Session session, LocalApiClient gateway, string id, AttachmentFacts one, CancellationToken stop)
    {
        using var progress = new Progress(session.Shell, $"{one.Name}, on its way to the gateway", one.Size);
        for (var told = false; ;)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/inbox/{id}/attachments/{one.Sha256}");
            try
            {
                return await gateway.StreamAsync(request, stop);
            }
            catch (AttachmentNotHereException not)
            {
                if (!told && !session.Shell.OutputIsTerminal) session.Print.Note($"{not.Message} Waiting; Ctrl-C ends the waiting only.");
                told = true;
            }
            var facts = (await gateway.GetAsync($"/inbox/{id}/attachments", stop)).As<AttachmentList>().Attachments.FirstOrDefault(a => a.Sha256 == one.Sha256);
            if (facts is { State: "failed" }) throw new CommandFailure($"The gateway could not fetch it: {Plain.Line(facts.Reason)}.", "Try again later.");
            progress.At(facts?.Held ?? 0);
            await Task.Delay(AskAgain, session.Shell.Clock, stop);
        }
    }

    private static async Task WriteAsync(Session session, HttpResponseMessage answer, string path, string name, CancellationToken stop)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var file = new FileStream(path, options);
        await using var content = await answer.Content.ReadAsStreamAsync(stop);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var progress = new Progress(session.Shell, name, answer.Content.Headers.ContentLength ?? 0);
        var piece = new byte[64 * 1024];
        while (await content.ReadAsync(piece, stop) is > 0 and var read)
        {
            hash.AppendData(piece, 0, read);
            await file.WriteAsync(piece.AsMemory(0, read), stop);
            progress.At(file.Position);
        }
        var named = answer.Headers.TryGetValues(DigestHeader, out var values) ? values.FirstOrDefault() : null;
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != named) throw new CommandFailure("The file did not come whole; nothing was kept of it.", "Try again.");
        file.Flush(flushToDisk: true);
    }
}
