using System.Text.Json;

namespace MessageBackbone.Faults.Loading;

/// <summary>What is to become of a message besides being delivered.</summary>
internal enum What
{
    Plain,

    /// <summary>An officer of each recipient opens it.</summary>
    Opened,

    /// <summary>It has a deadline class; each recipient opens and answers it.</summary>
    Request,

    /// <summary>What answers a request.</summary>
    Answer,

    /// <summary>Its sender recalls it a moment later.</summary>
    Recalled,

    /// <summary>It has a <c>deliver_by</c> in seconds.</summary>
    Dated,

    /// <summary>IMMEDIATE, and its recipient never opens it: it goes to its alternate, who does.</summary>
    Late,

    /// <summary>It brings a file, which each recipient fetches.</summary>
    File,

    /// <summary>Its recipient's gateway cannot store it while the load goes on.</summary>
    Poison,

    /// <summary>Of the conversation of a poison, and sent when that was known to be quarantined.</summary>
    Behind,
}

/// <summary>Something that a bureau wanted to send. Its reference is what it is known by: an id may be another one after the message was signed again.</summary>
/// <param name="Taken">True: somebody answered for it. False: it was refused. Null: no answer came.</param>
internal sealed record Sent(string Reference, string From, IReadOnlyList<string> To, string Precedence, bool? Taken)
{
    public What What { get; init; }

    /// <summary>Who gets it when it is late; empty: nobody.</summary>
    public string Alternate { get; init; } = "";

    /// <summary>SHA-256 of its file in lower-case hexadecimal; empty: it has none.</summary>
    public string FileSha256 { get; init; } = "";

    /// <summary>Of a poison and of what is behind it.</summary>
    public string Conversation { get; init; } = "";

    /// <summary>Of a poison: in the end it is refused, not released.</summary>
    public bool Refuse { get; init; }

    /// <summary>True: the sender's gateway answered for the order to recall. False: there is none. Null: no answer came to it.</summary>
    public bool? Recalled { get; init; } = false;

    /// <summary>The bureaus whose gateway showed the content to an officer.</summary>
    public IReadOnlyList<string> Opened { get; init; } = [];

    /// <summary>An officer of the bureau opens it as soon as it is there.</summary>
    public bool OpensAt(string bureau) => What switch
    {
        What.Opened or What.Request or What.Answer or What.File => true,
        What.Late => bureau == Alternate,
        _ => Precedence.Equals("immediate", StringComparison.OrdinalIgnoreCase),
    };
}

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

    /// <summary>Null: nobody wanted to send such a message.</summary>
    public Sent? Find(string reference)
    {
        lock (_gate) return _sent.GetValueOrDefault(reference);
    }

    public void Write(Sent sent)
    {
        lock (_gate) Put(sent);
    }

    /// <summary>Writes more about a message; others may write about it at the same time.</summary>
    public Sent Update(string reference, Func<Sent, Sent> change)
    {
        lock (_gate) return Put(change(_sent[reference]));
    }

    public void Dispose() => _file.Dispose();

    private Sent Put(Sent sent)
    {
        JsonSerializer.Serialize(_file, sent);
        _file.WriteByte((byte)'\n');
        _file.Flush();
        return _sent[sent.Reference] = sent;
    }
}
