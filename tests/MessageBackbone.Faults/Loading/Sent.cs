using System.Text.Json;

namespace MessageBackbone.Faults.Loading;

/// <summary>Something that a bureau wanted to send. Its reference is what it is known by: an id may be another one after the message was signed again.</summary>
/// <param name="Taken">True: somebody answered for it. False: it was refused. Null: no answer came.</param>
internal sealed record Sent(string Reference, string From, IReadOnlyList<string> To, string Precedence, bool? Taken);

/// <summary>What was asked for and what was answered. Each line is on disk before the call that it tells of, so that it can be read after everything went down.</summary>
internal sealed class Journal(string file) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Sent> _sent = new(StringComparer.Ordinal);
    private readonly FileStream _file = new(file, FileMode.CreateNew, FileAccess.Write, FileShare.Read);

    public IReadOnlyList<Sent> All
    {
        get { lock (_gate) return [.. _sent.Values]; }
    }

    public int Count
    {
        get { lock (_gate) return _sent.Count; }
    }

    public void Write(Sent sent)
    {
        lock (_gate)
        {
            JsonSerializer.Serialize(_file, sent);
            _file.WriteByte((byte)'\n');
            _file.Flush();
            _sent[sent.Reference] = sent;
        }
    }

    public void Dispose() => _file.Dispose();
}
