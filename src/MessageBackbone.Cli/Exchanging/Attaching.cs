using System.Net.Http.Headers;
using MessageBackbone.Cli.Invoking;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>Hands files to the gateway, one after the other, before the message that they go with.</summary>
internal static class Attaching
{
    /// <summary>Looked at before anything is sent.</summary>
    public static IReadOnlyList<string> Check(IEnumerable<string> paths)
    {
        var checkedPaths = paths.ToList();
        foreach (var path in checkedPaths)
        {
            if (Directory.Exists(path)) throw new CommandFailure($"{path} is a folder.", "Attach its files one by one.");
            if (!File.Exists(path)) throw new CommandFailure($"{path} does not exist.");
            if (new FileInfo(path).Length == 0) throw new CommandFailure($"{path} is empty.");
        }
        return checkedPaths;
    }

    /// <summary>The tokens to name in the message.</summary>
    public static async Task<IReadOnlyList<string>> UploadAsync(Session session, LocalApiClient gateway, IReadOnlyList<string> paths, CancellationToken stop)
    {
        var tokens = new List<string>();
        foreach (var path in paths) tokens.Add(await UploadAsync(session, gateway, path, stop));
        return tokens;
    }

    private static async Task<string> UploadAsync(Session session, LocalApiClient gateway, string path, CancellationToken stop)
    {
        var name = Path.GetFileName(path);
        await using var file = File.OpenRead(path);
        using var progress = new Progress(session.Shell, name, file.Length);
        using var content = new StreamContent(new Watched(file, progress));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        content.Headers.ContentLength = file.Length;
        using var request = new HttpRequestMessage(HttpMethod.Post,
            $"/attachments?name={Uri.EscapeDataString(name)}&media_type={Uri.EscapeDataString(MessageContent.TypeOf(path))}");
        request.Content = content;
        using var answer = await gateway.StreamAsync(request, stop);
        return (await LocalApiJson.ReadAsync(answer, stop)).As<AttachmentReply>().Token;
    }

    /// <summary>Tells how far it was read.</summary>
    private sealed class Watched(FileStream file, Progress progress) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => file.Length;

        public override long Position
        {
            get => file.Position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            progress.At(file.Position);
            return file.Read(buffer, offset, count);
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            progress.At(file.Position);
            return file.ReadAsync(buffer, cancellationToken);
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
