using System.Collections;
using System.Text;

namespace Grpc.Core;

/// <summary>
/// The headers or trailers of a call: an ordered list, keys in lower case and possibly repeated. A key that ends in <c>-bin</c> carries
/// bytes, every other one printable ASCII.
/// </summary>
public sealed class Metadata : IList<Metadata.Entry>
{
    public const string BinaryHeaderSuffix = "-bin";

    public static readonly Metadata Empty = new Metadata().Freeze();

    private readonly List<Entry> entries = [];
    private bool frozen;

    public int Count => entries.Count;

    public bool IsReadOnly => frozen;

    public Entry this[int index]
    {
        get => entries[index];
        set
        {
            ThrowIfFrozen();
            ArgumentNullException.ThrowIfNull(value);
            entries[index] = value;
        }
    }

    /// <summary>The last entry of that key, or null.</summary>
    public Entry? Get(string key)
    {
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            if (string.Equals(entries[i].Key, key, StringComparison.OrdinalIgnoreCase))
                return entries[i];
        }

        return null;
    }

    public string? GetValue(string key) => Get(key)?.Value;

    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    public IEnumerable<Entry> GetAll(string key) => entries.Where(e => string.Equals(e.Key, key, StringComparison.OrdinalIgnoreCase));

    public void Add(string key, string value) => Add(new Entry(key, value));

    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    public void Add(Entry item)
    {
        ThrowIfFrozen();
        ArgumentNullException.ThrowIfNull(item);
        entries.Add(item);
    }

    public void Insert(int index, Entry item)
    {
        ThrowIfFrozen();
        ArgumentNullException.ThrowIfNull(item);
        entries.Insert(index, item);
    }

    public bool Remove(Entry item)
    {
        ThrowIfFrozen();
        return entries.Remove(item);
    }

    public void RemoveAt(int index)
    {
        ThrowIfFrozen();
        entries.RemoveAt(index);
    }

    public void Clear()
    {
        ThrowIfFrozen();
        entries.Clear();
    }

    public bool Contains(Entry item) => entries.Contains(item);

    public int IndexOf(Entry item) => entries.IndexOf(item);

    public void CopyTo(Entry[] array, int arrayIndex) => entries.CopyTo(array, arrayIndex);

    public IEnumerator<Entry> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal Metadata Freeze()
    {
        frozen = true;
        return this;
    }

    private void ThrowIfFrozen()
    {
        if (frozen)
            throw new InvalidOperationException("This metadata is read-only.");
    }

    /// <summary>One key with its value. Text is refused where HTTP/2 could not carry it unchanged.</summary>
    public sealed class Entry
    {
        private readonly string? text;
        private readonly byte[]? bytes;

        public Entry(string key, string value)
        {
            Key = MetadataKey.Normalize(key);
            ArgumentNullException.ThrowIfNull(value);
            if (IsBinary)
                throw new ArgumentException($"The key '{Key}' ends in '-bin': its value is bytes.", nameof(value));
            MetadataKey.CheckText(value);
            text = value;
        }

        public Entry(string key, byte[] valueBytes)
        {
            Key = MetadataKey.Normalize(key);
            ArgumentNullException.ThrowIfNull(valueBytes);
            if (!IsBinary)
                throw new ArgumentException($"The key '{Key}' does not end in '-bin': its value is text.", nameof(valueBytes));
            bytes = valueBytes.AsSpan().ToArray();
        }

        // From the wire: the key is in lower case already and the value was let through by the HTTP stack.
        internal Entry(string key, string? text, byte[]? bytes)
        {
            Key = key;
            this.text = text;
            this.bytes = bytes;
        }

        public string Key { get; }

        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        public string Value => text ?? throw new InvalidOperationException($"'{Key}' carries bytes: read ValueBytes.");

        public byte[] ValueBytes => bytes is null ? Encoding.ASCII.GetBytes(text!) : bytes.AsSpan().ToArray();

        internal ReadOnlySpan<byte> RawBytes => bytes;

        public override string ToString() => IsBinary ? $"[Entry: key={Key}, {bytes!.Length} bytes]" : $"[Entry: key={Key}, value={text}]";
    }
}
