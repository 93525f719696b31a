using Google.Protobuf;
using Record = MessageBackbone.EventLog.EventStoreDb.Wire.ReadResp.Types.ReadEvent.Types.RecordedEvent;

namespace MessageBackbone.EventStoreStandIn.Storing;

/// <summary>One frame for each append, on disk before the append is answered. A frame that was cut off is as if it had never been.</summary>
internal sealed class StoreFile : IDisposable
{
    private readonly FileStream _file;

    public StoreFile(string path) => _file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);

    /// <summary>Every whole append, in order; to be read to its end before the first is added.</summary>
    public IEnumerable<List<Record>> ReadAll()
    {
        using var reader = new BinaryReader(_file, System.Text.Encoding.UTF8, leaveOpen: true);
        var whole = 0L;
        while (_file.Length - whole >= sizeof(int))
        {
            var length = reader.ReadInt32();
            if (_file.Length - _file.Position < length) break;
            yield return Parse(reader.ReadBytes(length));
            whole = _file.Position;
        }

        _file.SetLength(whole);
        _file.Position = whole;
    }

    public void Add(IEnumerable<Record> records)
    {
        using var frame = new MemoryStream();
        frame.Write(stackalloc byte[sizeof(int)]);
        foreach (var record in records) record.WriteDelimitedTo(frame);
        var bytes = frame.GetBuffer().AsSpan(0, (int)frame.Length);
        BitConverter.TryWriteBytes(bytes, bytes.Length - sizeof(int));
        _file.Write(bytes);
        _file.Flush(flushToDisk: true);
    }

    public void Dispose() => _file.Dispose();

    private static List<Record> Parse(byte[] frame)
    {
        using var bytes = new MemoryStream(frame);
        var records = new List<Record>();
        while (bytes.Position < bytes.Length) records.Add(Record.Parser.ParseDelimitedFrom(bytes));
        return records;
    }
}
