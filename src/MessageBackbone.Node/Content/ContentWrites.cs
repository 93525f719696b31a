using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Node.Content;

/// <summary>One change of the content store. Its caller waits for the flush of the group that it is in.</summary>
internal abstract class ContentWrite
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Done => _done.Task;

    public virtual int Bytes => 0;

    public abstract void Apply(ContentCommands commands);

    public void Succeed() => _done.TrySetResult();

    public void Fail(Exception fault) => _done.TrySetException(fault);
}

internal sealed class PutBody(byte[] sha256, ByteString body, string messageId, long now) : ContentWrite
{
    public override int Bytes => body.Length;

    public override void Apply(ContentCommands commands)
    {
        if (!commands.Has(sha256))
        {
            commands.Insert(sha256, ArrayOf(body));
        }

        commands.Claim(sha256, messageId, now);
    }

    private static byte[] ArrayOf(ByteString body) =>
        MemoryMarshal.TryGetArray(body.Memory, out var segment) && segment.Array is { } array && segment.Count == array.Length ? array : body.ToByteArray();
}

internal sealed class SettleClaim(byte[] sha256, string messageId, long before, bool accepted) : ContentWrite
{
    public override void Apply(ContentCommands commands) => commands.Settle(sha256, messageId, before, accepted);
}

/// <summary>The writer's prepared statements.</summary>
internal sealed class ContentCommands : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _rollback;
    private readonly SqliteCommand _has;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _claim;
    private readonly SqliteCommand _unclaim;
    private readonly SqliteCommand _keep;
    private readonly SqliteCommand _keepAttachment;
    private readonly SqliteCommand _drop;

    public ContentCommands(SqliteConnection connection)
    {
        _connection = connection;
        _begin = Make("BEGIN IMMEDIATE");
        _commit = Make("COMMIT");
        _rollback = Make("ROLLBACK");
        _has = Make("SELECT 1 FROM body WHERE sha256 = $a", "$a");
        _insert = Make("INSERT INTO body (sha256, size, bytes) VALUES ($a, $b, $c)", "$a", "$b", "$c");
        _claim = Make("INSERT INTO claim VALUES ($a, $b, $c) ON CONFLICT DO UPDATE SET claimed_at = excluded.claimed_at", "$a", "$b", "$c");
        _unclaim = Make("DELETE FROM claim WHERE sha256 = $a AND message_id = $b AND claimed_at < $c", "$a", "$b", "$c");
        _keep = Make("UPDATE body SET kept = 1 WHERE sha256 = $a", "$a");
        _keepAttachment = Make("UPDATE attachment SET kept = 1 WHERE sha256 = $a", "$a");
        _drop = Make("DELETE FROM body WHERE sha256 = $a AND kept = 0 AND NOT EXISTS (SELECT 1 FROM claim WHERE sha256 = $a)", "$a");
    }

    public void Begin() => _begin.ExecuteNonQuery();

    public void Commit() => _commit.ExecuteNonQuery();

    public void RollBack() => _rollback.ExecuteNonQuery();

    public bool Has(byte[] sha256) => Bind(_has, sha256).ExecuteScalar() is not null;

    public void Insert(byte[] sha256, byte[] bytes) => Bind(_insert, sha256, bytes.LongLength, bytes).ExecuteNonQuery();

    public void Claim(byte[] sha256, string messageId, long now) => Bind(_claim, sha256, messageId, now).ExecuteNonQuery();

    // A claim made again since it was judged stays: the same bytes are on their way once more, and their body must not go from under them.
    public void Settle(byte[] sha256, string messageId, long before, bool accepted)
    {
        Bind(_unclaim, sha256, messageId, before).ExecuteNonQuery();
        Bind(accepted ? _keep : _drop, sha256).ExecuteNonQuery();
        if (accepted) Bind(_keepAttachment, sha256).ExecuteNonQuery();
    }

    /// <summary>A statement about attachments: they are rare beside bodies, so it is prepared each time.</summary>
    public T Rarely<T>(Func<SqliteCommand, T> run)
    {
        using var command = _connection.CreateCommand();
        return run(command);
    }

    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])[_begin, _commit, _rollback, _has, _insert, _claim, _unclaim, _keep, _keepAttachment, _drop])
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private SqliteCommand Make(string sql, params ReadOnlySpan<string> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter(parameter, null));
        }

        return command;
    }

    private static SqliteCommand Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        return command;
    }
}
