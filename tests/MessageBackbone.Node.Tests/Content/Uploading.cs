using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Content;

/// <summary>A party brings or fetches content over the wire, as a gateway would.</summary>
internal static class Uploading
{
    private const int ChunkBytes = 256 * 1024;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static byte[] Bytes(int count) => RandomNumberGenerator.GetBytes(count);

    public static ByteString Sha256(byte[] content) => ByteString.CopyFrom(SHA256.HashData(content));

    /// <summary>All of it from the offset on, in one call.</summary>
    public static Task<ContentReceipt> UploadAsync(this Party party, byte[] content, int from = 0) => party.UploadAsync(content, from, content.Length);

    /// <summary>A part of it in one call that ends in order.</summary>
    public static async Task<ContentReceipt> UploadAsync(this Party party, byte[] content, int from, int until)
    {
        using var call = party.Exchange.UploadContent(cancellationToken: Cancel);
        await call.SendAsync(new ContentChunk { Sha256 = Sha256(content), TotalSize = (ulong)content.Length });
        for (var offset = from; offset < until; offset += ChunkBytes)
        {
            var data = ByteString.CopyFrom(content.AsSpan(offset, Math.Min(ChunkBytes, until - offset)));
            if (!await call.SendAsync(new ContentChunk { Offset = (ulong)offset, Data = data })) break;
        }

        return await call.EndAsync();
    }

    /// <summary>What the node holds of it for this party.</summary>
    public static Task<ContentReceipt> HeldAsync(this Party party, byte[] content) => party.UploadAsync(content, 0, 0);

    /// <summary>Chunks as they are, for what no gateway would send.</summary>
    public static async Task<ContentReceipt> SendAllAsync(this Party party, params ContentChunk[] chunks)
    {
        using var call = party.Exchange.UploadContent(cancellationToken: Cancel);
        foreach (var chunk in chunks)
        {
            if (!await call.SendAsync(chunk)) break;
        }

        return await call.EndAsync();
    }

    /// <summary>False: the call has ended already, and its answer says why.</summary>
    public static async Task<bool> SendAsync(this AsyncClientStreamingCall<ContentChunk, ContentReceipt> call, ContentChunk chunk)
    {
        try
        {
            await call.RequestStream.WriteAsync(chunk, Cancel);
            return true;
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException)
        {
            return false;
        }
    }

    public static async Task<ContentReceipt> EndAsync(this AsyncClientStreamingCall<ContentChunk, ContentReceipt> call)
    {
        try
        {
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException)
        {
            // The answer says why.
        }

        return await call;
    }

    /// <summary>A message that names these contents.</summary>
    public static Envelope ComposeWith(this Party from, Party to, params byte[][] contents) => from.Compose(to, header => header.Attachments.Add(contents.Select(Reference)));

    public static ContentRef Reference(byte[] content) => new() { Sha256 = Sha256(content), Size = (ulong)content.Length, MediaType = "application/pdf" };

    public static async Task<byte[]> DownloadAsync(this Party party, string messageId, ByteString sha256, ulong offset = 0)
    {
        var request = new ContentRequest { MessageId = messageId, Sha256 = sha256, Offset = offset };
        using var call = party.Exchange.DownloadContent(request, cancellationToken: Cancel);
        using var bytes = new MemoryStream();
        while (await call.ResponseStream.MoveNext(Cancel))
        {
            var chunk = call.ResponseStream.Current;
            Assert.Equal(offset + (ulong)bytes.Length, chunk.Offset);
            Assert.InRange(chunk.Data.Length, 1, ChunkBytes);
            chunk.Data.WriteTo(bytes);
        }

        return bytes.ToArray();
    }
}
