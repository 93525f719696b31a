using MessageBackbone.Faults.Houses;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Faults.Loading;

/// <summary>Messages that no gateway can store, by a trigger on what is shown in its inbox: to keep them apart it can, and all others it stores.</summary>
internal static class Poison
{
    private const string Suffix = "/poison";

    public static string Mark(string reference) => reference + Suffix;

    public static Task InstallAsync(House house, CancellationToken cancellationToken) => ExecuteAsync(
        house,
        $"create trigger poison before insert on inbox when new.outcome = 1 and new.reference like '%{Suffix}' begin select raise(abort, 'No room for this one.'); end",
        cancellationToken);

    /// <summary>From now on each can be stored.</summary>
    public static Task CureAsync(House house, CancellationToken cancellationToken) => ExecuteAsync(house, "drop trigger if exists poison", cancellationToken);

    private static async Task ExecuteAsync(House house, string sql, CancellationToken cancellationToken)
    {
        foreach (var bureau in house.Gateways)
        {
            await using var database = new SqliteConnection($"Data Source={house.Database(bureau, "gateway.db")};Pooling=False;Default Timeout=30");
            await database.OpenAsync(cancellationToken);
            await using var command = database.CreateCommand();
#pragma warning disable CA2100 // this file's own texts
            command.CommandText = sql;
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
