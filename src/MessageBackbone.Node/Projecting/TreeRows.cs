using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.Protocol.Ledger;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>Read model <c>ledger</c>: the Merkle tree (RFC 6962) over every event outside stream <c>ledger</c>, in tiles, and the checkpoints that were signed.</summary>
/// <remarks>The tree follows from the log's order alone: whoever makes it again, on whatever store, has the same root. A tile never changes once it is full.</remarks>
internal static class TreeRows
{
    // tile.id: see Id. A row of 8 KiB is written again with each batch until it is full, one for each level.
    private const string Schema =
        """
        CREATE TABLE tree (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), size INTEGER NOT NULL) STRICT;
        INSERT INTO tree VALUES (1, 0);
        CREATE TABLE tile (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
        CREATE TABLE signed (revision INTEGER PRIMARY KEY, size INTEGER NOT NULL, note BLOB NOT NULL) STRICT;
        CREATE INDEX signed_by_size ON signed (size, revision);
        """;

    private const int LevelShift = 56, Levels = 8;

    public static Projection Projection { get; } = new("ledger", 1, Schema, session => new Writer(session));

    /// <summary>The row of a tile: tiles of one level lie next to each other.</summary>
    public static long Id(Tile tile) => ((long)tile.Level << LevelShift) | (long)tile.Index;

    /// <summary>What is hashed of an event: as stored.</summary>
    public static byte[] LeafOf(RecordedEvent recorded) => LedgerLeaves.Write(
        recorded.EventId, recorded.Stream.Value, recorded.Revision.Value, recorded.Type, recorded.Data.Span, recorded.Metadata.Span, recorded.RecordedAt);

    private sealed class Writer : IRowWriter
    {
        private readonly Statement _grow;
        private readonly Statement _put;
        private readonly Statement _keep;
        private readonly Reactions _reactions;
        private readonly Frontier _frontier;
        private readonly Dictionary<long, OpenTile> _open = [];

        public Writer(ReadModelSession session)
        {
            _grow = session.Prepare("UPDATE tree SET size = ?1");
            _put = session.Prepare("INSERT OR REPLACE INTO tile VALUES (?1, ?2)");
            _keep = session.Prepare("INSERT INTO signed VALUES (?1, ?2, ?3)");
            _reactions = new Reactions().On<CheckpointSigned>(Keep);
            var tiles = new StoredTiles(session);
            _frontier = Frontier.Read(tiles.Size(), tiles.Read);
            for (var level = 0; level < Levels; level++)
            {
                var last = new Tile(level, _frontier.Size >> ((level + 1) * Tile.Height));
                if (last.Width(_frontier.Size) > 0) _open[Id(last)] = new OpenTile(tiles.Bytes(last));
            }
        }

        public void Apply(RecordedEvent recorded)
        {
            if (recorded.Stream == StreamId.Ledger) _reactions.Apply(recorded);
            else Add(recorded);
        }

        public void Flush()
        {
            foreach (var (id, tile) in _open.Where(entry => entry.Value.Changed).ToList())
            {
                _put.Bind(1, id).Bind(2, tile.Written()).Run();
                if (tile.IsFull) _open.Remove(id);
            }

            _grow.Bind(1, (long)_frontier.Size).Run();
        }

        private void Add(RecordedEvent recorded)
        {
            var leaf = MerkleTree.LeafHash(LeafOf(recorded));
            Span<TreeHash> completed = stackalloc TreeHash[63];
            var index = _frontier.Size;
            var levels = _frontier.Add(leaf, completed);
            for (var level = 0; level < levels; level += Tile.Height) Open(new Subtree(level, index >> level).Place.Tile).Add(completed[level]);
        }

        private OpenTile Open(Tile tile)
        {
            if (!_open.TryGetValue(Id(tile), out var open)) _open[Id(tile)] = open = new OpenTile([]);
            return open;
        }

        private void Keep(RecordedEvent recorded, CheckpointSigned signed) =>
            _keep.Bind(1, (long)recorded.Revision.Value).Bind(2, (long)signed.Size).Bind(3, signed.Note.Span).Run();
    }

    /// <summary>The last tile of a level, which still grows; or one that became full since it was written.</summary>
    private sealed class OpenTile
    {
        private readonly byte[] _hashes = new byte[Tile.MostHashes * TreeHash.Size];
        private int _length;

        public OpenTile(ReadOnlySpan<byte> stored)
        {
            stored.CopyTo(_hashes);
            _length = stored.Length;
        }

        public bool Changed { get; private set; }

        public bool IsFull => _length == _hashes.Length;

        public void Add(in TreeHash hash)
        {
            hash.Bytes.CopyTo(_hashes.AsSpan(_length));
            _length += TreeHash.Size;
            Changed = true;
        }

        public ReadOnlySpan<byte> Written()
        {
            Changed = false;
            return _hashes.AsSpan(0, _length);
        }
    }
}
