namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>How the streams of one log are called in the server, which holds the server's own streams too.</summary>
/// <param name="space">Empty, or the part before a dot in all the names: one server then holds several logs. Letters and digits.</param>
internal sealed class StreamNames(string space)
{
    private const string Metastream = "$$";

    private readonly string _prefix = space.Length == 0 ? "" : $"{space}.";

    /// <summary>The stream of the log's own name. Its dot keeps it out of <see cref="Ours"/>.</summary>
    public string Identity => $"{_prefix}backbone.log";

    /// <summary>A stream that never exists. Its dot keeps it out of <see cref="Ours"/>.</summary>
    public string Probe => $"{_prefix}backbone.probe";

    /// <summary>Selects the events of the log.</summary>
    public string Ours => $"^{Escaped}[A-Za-z0-9-]+$";

    /// <summary>Selects the events of the log and what is said about its streams.</summary>
    public string OursAndTheirMetadata => $@"^(\$\$)?{Escaped}[A-Za-z0-9-]+$";

    private string Escaped => _prefix.Replace(".", @"\.", StringComparison.Ordinal);

    public string Of(StreamId stream) => _prefix + stream.Value;

    /// <summary>The log's stream of this name in the server; null when it is none.</summary>
    public StreamId? Read(string name) =>
        name.StartsWith(_prefix, StringComparison.Ordinal) && StreamId.IsValid(name[_prefix.Length..]) ? new StreamId(name[_prefix.Length..]) : null;

    /// <summary>The stream that a metastream speaks of; null when <paramref name="name"/> is no metastream.</summary>
    public static string? Described(string name) => name.StartsWith(Metastream, StringComparison.Ordinal) ? name[Metastream.Length..] : null;
}
