using Microsoft.Data.Sqlite;

namespace MessageBackbone.Node.Content;

/// <summary>One bureau begins or resumes an upload.</summary>
/// <param name="most">Bytes that a bureau may have uploaded, or said that it will, without an accepted message that names them.</param>
internal sealed class BeginUpload(AttachmentKey key, long total, long now, long most) : ContentWrite
{
    /// <summary>False: the bureau would have more than it may.</summary>
    public bool HasRoom { get; private set; }

    public override void Apply(ContentCommands commands)
    {
        HasRoom = commands.Rarely(Others) <= most - total;
        if (HasRoom) commands.Rarely(Insert);
    }

    private long Others(SqliteCommand command)
    {
        command.CommandText = """
            SELECT coalesce(sum(total), 0) FROM upload WHERE bureau = $bureau AND sha256 <> $sha256 AND NOT EXISTS (
                SELECT 1 FROM attachment WHERE attachment.sha256 = upload.sha256
                AND (kept = 1 OR EXISTS (SELECT 1 FROM claim WHERE claim.sha256 = upload.sha256)))
            """;
        return (long)key.Bind(command).ExecuteScalar()!;
    }

    private int Insert(SqliteCommand command)
    {
        command.CommandText = """
            INSERT INTO upload (sha256, bureau, total, last_at) VALUES ($sha256, $bureau, $total, $now)
            ON CONFLICT DO UPDATE SET total = excluded.total, last_at = excluded.last_at, complete = 0
            """;
        command.Parameters.AddWithValue("$total", total);
        command.Parameters.AddWithValue("$now", now);
        return key.Bind(command).ExecuteNonQuery();
    }
}

/// <summary>More came: the time for which it is kept begins anew.</summary>
internal sealed class TouchUpload(AttachmentKey key, long now) : ContentWrite
{
    public override void Apply(ContentCommands commands) => commands.Rarely(command =>
    {
        command.CommandText = "UPDATE upload SET last_at = $now WHERE sha256 = $sha256 AND bureau = $bureau";
        command.Parameters.AddWithValue("$now", now);
        return key.Bind(command).ExecuteNonQuery();
    });
}

/// <summary>The bureau's file is whole, on disk, and has the hash. It becomes the content unless another bureau's file is that already.</summary>
/// <param name="replaces">The file that the store names is not there any more.</param>
internal sealed class CompleteUpload(AttachmentKey key, long size, long now, bool replaces) : ContentWrite
{
    public override void Apply(ContentCommands commands)
    {
        commands.Rarely(command =>
        {
            command.CommandText = replaces
                ? "INSERT INTO attachment VALUES ($sha256, $size, $bureau, 0) ON CONFLICT DO UPDATE SET size = excluded.size, bureau = excluded.bureau"
                : "INSERT INTO attachment VALUES ($sha256, $size, $bureau, 0) ON CONFLICT DO NOTHING";
            command.Parameters.AddWithValue("$size", size);
            return key.Bind(command).ExecuteNonQuery();
        });
        commands.Rarely(command =>
        {
            command.CommandText = "UPDATE upload SET complete = 1, last_at = $now WHERE sha256 = $sha256 AND bureau = $bureau";
            command.Parameters.AddWithValue("$now", now);
            return key.Bind(command).ExecuteNonQuery();
        });
    }
}

/// <summary>Ends an upload whose last chunk came before <paramref name="before"/>.</summary>
internal sealed class EndUpload(AttachmentKey key, long before) : ContentWrite
{
    public override void Apply(ContentCommands commands) => commands.Rarely(command =>
    {
        command.CommandText = "DELETE FROM upload WHERE sha256 = $sha256 AND bureau = $bureau AND last_at < $before";
        command.Parameters.AddWithValue("$before", before);
        return key.Bind(command).ExecuteNonQuery();
    });
}

/// <summary>A message is about to name these contents. All are claimed, or none because one is not there any more.</summary>
internal sealed class ClaimAttachments(IReadOnlyList<byte[]> contents, string messageId, long now) : ContentWrite
{
    /// <summary>Index of the first that is not there; null: all are claimed.</summary>
    public int? Missing { get; private set; }

    public override void Apply(ContentCommands commands)
    {
        for (var i = 0; i < contents.Count; i++)
        {
            if (commands.Rarely(command => Exists(command, contents[i]))) continue;
            Missing = i;
            return;
        }

        foreach (var sha256 in contents) commands.Claim(sha256, messageId, now);
    }

    private static bool Exists(SqliteCommand command, byte[] sha256)
    {
        command.CommandText = "SELECT 1 FROM attachment WHERE sha256 = $sha256";
        command.Parameters.AddWithValue("$sha256", sha256);
        return command.ExecuteScalar() is not null;
    }
}

/// <summary>Drops a content that no accepted message names, nobody claims and no young upload brought.</summary>
internal sealed class DropAttachment(AttachmentKey key) : ContentWrite
{
    /// <summary>The row is gone: its file may go.</summary>
    public bool Dropped { get; private set; }

    public override void Apply(ContentCommands commands) => Dropped = commands.Rarely(command =>
    {
        command.CommandText = """
            DELETE FROM attachment WHERE sha256 = $sha256 AND bureau = $bureau AND kept = 0
                AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.sha256 = $sha256) AND NOT EXISTS (SELECT 1 FROM upload WHERE upload.sha256 = $sha256 AND complete = 1)
            """;
        return key.Bind(command).ExecuteNonQuery() == 1;
    });
}
