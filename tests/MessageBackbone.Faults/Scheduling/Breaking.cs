using System.Collections.Concurrent;
using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Programs;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Faults.Scheduling;

/// <summary>Does to a house what a fault says, and puts it right again after its time. Two faults on one thing come one after the other; one that would have to wait
/// long for that is left out: a broker that needs a minute to start would otherwise be broken for hours after the schedule's end.</summary>
internal sealed class Breaking(House house, TextWriter output, TimeProvider clock)
{
    private static readonly TimeSpan LatestStart = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, SemaphoreSlim> _things = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<FaultKind, int> _done = [];

    /// <summary>Faults that were in force so far.</summary>
    public int Done => _done.Values.Sum();

    /// <summary>Of which kinds, and how many of each.</summary>
    public IReadOnlyDictionary<FaultKind, int> Kinds => _done;

    /// <summary>Plays them at their times; returns when the last one is healed.</summary>
    public async Task PlayAsync(IReadOnlyList<Fault> faults, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var playing = new List<Task>();
        foreach (var fault in faults)
        {
            var rest = fault.At - clock.GetElapsedTime(began);
            if (rest > TimeSpan.Zero) await Task.Delay(rest, clock, cancellationToken);
            playing.Add(PlayAsync(fault, cancellationToken));
        }
        await Task.WhenAll(playing);
    }

    public async Task PlayAsync(Fault fault, CancellationToken cancellationToken)
    {
        var thing = Thing(fault);
        if (!await thing.WaitAsync(LatestStart, cancellationToken))
        {
            await LeftOutAsync(fault, "an earlier fault of the same thing is in force");
            return;
        }
        try
        {
            await output.WriteLineAsync($"{fault}");
            await BreakAsync(fault, cancellationToken);
            _done.AddOrUpdate(fault.Kind, 1, static (_, before) => before + 1);
        }
        catch (NotBrokenException why)
        {
            await LeftOutAsync(fault, why.Message);
        }
        catch (PartGoneException)
        {
            // Killed meanwhile: it comes back without this fault.
            await output.WriteLineAsync($"         {fault.Kind} {fault.On} ended with the process");
        }
        finally
        {
            thing.Release();
        }
    }

    private Task LeftOutAsync(Fault fault, string why) => output.WriteLineAsync($"         {fault.Kind} {fault.On} was left out: {why}");

    private SemaphoreSlim Thing(Fault fault)
    {
        var name = fault.Kind switch
        {
            FaultKind.Cut or FaultKind.Stall or FaultKind.Slow => $"line {fault.On}",
            FaultKind.DiskFull or FaultKind.FlushFails or FaultKind.AnswerLost => $"disk {fault.On}",
            FaultKind.Clock => $"clock {fault.On}",
            _ => fault.On,
        };
        lock (_gate) return _things.TryGetValue(name, out var thing) ? thing : _things[name] = new SemaphoreSlim(1);
    }

    private Task BreakAsync(Fault fault, CancellationToken cancellationToken) => fault.Kind switch
    {
        FaultKind.Kill or FaultKind.Wipe => KillAsync(fault, cancellationToken),
        FaultKind.Suspend => SuspendAsync(fault, cancellationToken),
        FaultKind.Cut => OnLineAsync(fault, line => line.Cut(), cancellationToken),
        FaultKind.Stall => OnLineAsync(fault, line => line.Stall(), cancellationToken),
        FaultKind.Slow => OnLineAsync(fault, line => line.Slow(TimeSpan.FromMilliseconds(int.Parse(fault.Detail))), cancellationToken),
        FaultKind.DiskFull => OrderAsync(fault, Orders.DiskFull, Orders.DiskFree, cancellationToken),
        FaultKind.FlushFails => house.Part(fault.On).OrderAsync($"{Orders.FlushFails} before", cancellationToken),
        FaultKind.AnswerLost => house.Part(fault.On).OrderAsync($"{Orders.FlushFails} after", cancellationToken),
        FaultKind.Clock => OrderAsync(fault, $"{Orders.Clock} {fault.Detail}", $"{Orders.Clock} 0", cancellationToken),
        FaultKind.Locked => LockAsync(fault, cancellationToken),
        _ => RefuseAsync(fault, cancellationToken),
    };

    private async Task KillAsync(Fault fault, CancellationToken cancellationToken)
    {
        if (house.Server(fault.On) is not { } server)
        {
            await house.Part(fault.On).KillAsync();
            await Task.Delay(fault.For, clock, cancellationToken);
            await house.StartAsync(fault.On, cancellationToken);
            return;
        }
        await server.KillAsync();
        if (fault.Kind == FaultKind.Wipe) house.Broker!.Wipe();
        await Task.Delay(fault.For, clock, cancellationToken);
        await server.StartAgainAsync(cancellationToken);
    }

    private async Task SuspendAsync(Fault fault, CancellationToken cancellationToken)
    {
        var (suspend, resume) = house.Server(fault.On) is { } server
            ? ((Func<Task>)server.SuspendAsync, (Func<Task>)server.ResumeAsync)
            : (house.Part(fault.On).SuspendAsync, house.Part(fault.On).ResumeAsync);
        await suspend();
        try
        {
            await Task.Delay(fault.For, clock, cancellationToken);
        }
        finally
        {
            await resume();
        }
    }

    private async Task OnLineAsync(Fault fault, Action<Proxy> breaking, CancellationToken cancellationToken)
    {
        var line = house.Line(fault.On);
        breaking(line);
        try
        {
            await Task.Delay(fault.For, clock, cancellationToken);
        }
        finally
        {
            line.Heal();
        }
    }

    private async Task OrderAsync(Fault fault, string begin, string end, CancellationToken cancellationToken)
    {
        var part = house.Part(fault.On);
        await part.OrderAsync(begin, cancellationToken);
        await Task.Delay(fault.For, clock, cancellationToken);
        await part.OrderAsync(end, cancellationToken);
    }

    private async Task LockAsync(Fault fault, CancellationToken cancellationToken)
    {
        await using var database = await OpenAsync(fault, cancellationToken);
        if (!await TryExecuteAsync(database, "BEGIN IMMEDIATE", cancellationToken)) throw new NotBrokenException();
        await Task.Delay(fault.For, clock, cancellationToken);
        await TryExecuteAsync(database, "ROLLBACK", cancellationToken);
    }

    // A trigger: it stays through a restart of the process, as a bad disk does.
    private async Task RefuseAsync(Fault fault, CancellationToken cancellationToken)
    {
        var (table, operation) = fault.Detail.Split(':') is [var first, var second] ? (first, second) : throw new ArgumentException(fault.Detail);
        await using var database = await OpenAsync(fault, cancellationToken);
        var trigger = $"create trigger fault before {operation} on {table} begin select raise(abort, 'The disk gives an error.'); end";
        if (!await TryExecuteAsync(database, trigger, cancellationToken)) throw new NotBrokenException();
        await Task.Delay(fault.For, clock, cancellationToken);
        await Waiting.UntilAsync("the trigger is gone", () => TryExecuteAsync(database, "drop trigger if exists fault", cancellationToken), cancellationToken);
    }

    private async Task<SqliteConnection> OpenAsync(Fault fault, CancellationToken cancellationToken)
    {
        var (part, file) = fault.On.Split('/') is [var first, var second] ? (first, second) : throw new ArgumentException(fault.On);
        var database = new SqliteConnection($"Data Source={house.Database(part, file)};Pooling=False;Default Timeout=5");
        await database.OpenAsync(cancellationToken);
        return database;
    }

    // False: another holds the lock, for example a process that is suspended in the middle of a write.
    private static async Task<bool> TryExecuteAsync(SqliteConnection database, string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
#pragma warning disable CA2100 // the texts are this file's and the schedule's own
        command.CommandText = sql;
#pragma warning restore CA2100
        try
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
            return true;
        }
        catch (SqliteException busy) when (busy.SqliteErrorCode is 5 or 6)
        {
            return false;
        }
    }

    /// <summary>The fault did not come about.</summary>
    private sealed class NotBrokenException() : Exception("another holds the database's lock");
}
