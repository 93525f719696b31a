using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Node.Projecting;

/// <summary>Reads tiles of the read model <c>ledger</c> on one connection, each once. Used for one proof, or at the opening of the writer.</summary>
internal sealed class StoredTiles(ReadModelSession session)
{
    private readonly Dictionary<Tile, byte[]> _read = [];

    public ulong Size() => (ulong)(session.Number("SELECT size FROM tree") ?? 0);

    /// <summary>A <see cref="SubtreeReader"/>.</summary>
    public TreeHash Read(Subtree subtree) => subtree.Place.HashIn(Bytes(subtree.Place.Tile));

    public byte[] Bytes(Tile tile)
    {
        if (_read.TryGetValue(tile, out var known)) return known;
        var rows = session.Prepare("SELECT hashes FROM tile WHERE id = ?1").Bind(1, TreeRows.Id(tile)).All(row => row.Bytes(0).ToArray());
        return _read[tile] = rows is [var hashes] ? hashes : [];
    }
}
