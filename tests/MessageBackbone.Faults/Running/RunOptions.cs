using System.Globalization;
using MessageBackbone.Faults.Controls;
using MessageBackbone.Faults.Houses;

namespace MessageBackbone.Faults.Running;

/// <summary>What the runner is told.</summary>
internal sealed record RunOptions
{
    public int Seed { get; init; } = 1;

    /// <summary>How long things break; starting and coming to rest is not counted.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Over RabbitMQ or in memory; the event log in a file or in a server.</summary>
    public Engines Engines { get; init; } = new(RabbitMq: true);

    /// <summary>The protection that is switched off; empty: none.</summary>
    public string Control { get; init; } = "";

    /// <summary>Where everything lies; empty: a temporary folder, which is removed when nothing was found.</summary>
    public string Folder { get; init; } = "";

    /// <summary>So long nothing may move before the rest counts as unresolved.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How the control's scene is played.</summary>
    public Play Play { get; init; }

    /// <summary>Every control, in each of its plays.</summary>
    public bool Controls { get; init; }

    public bool ListControls { get; init; }

    public string Replay => Control.Length > 0
        ? $"tests/faults.sh --control {Control}{(Play == Play.SwitchedOff ? "" : $" --{Play.ToString().ToLowerInvariant()}")}"
        : string.Create(CultureInfo.InvariantCulture, $"tests/faults.sh --minutes {Length.TotalMinutes:0.###} --seed {Seed}{Engines.Arguments}");

    /// <summary>Null: the usage is wrong, and <paramref name="problem"/> says how.</summary>
    public static RunOptions? Parse(IReadOnlyList<string> args, out string problem)
    {
        var options = new RunOptions();
        problem = "";
        for (var i = 0; i < args.Count; i++)
        {
            var value = i + 1 < args.Count ? args[i + 1] : "";
            switch (args[i])
            {
                case "--minutes" when double.TryParse(value, CultureInfo.InvariantCulture, out var minutes) && minutes is > 0 and < 10_000:
                    options = options with { Length = TimeSpan.FromMinutes(minutes) };
                    i++;
                    break;
                case "--seed" when int.TryParse(value, CultureInfo.InvariantCulture, out var seed):
                    options = options with { Seed = seed };
                    i++;
                    break;
                case "--control" when ControlRun.Find(value) is not null:
                    options = options with { Control = value };
                    i++;
                    break;
                case "--keep" when value.Length > 0:
                    options = options with { Folder = Path.GetFullPath(value) };
                    i++;
                    break;
                case "--eventstore" when File.Exists(value):
                    options = options with { Engines = options.Engines with { EventStore = Path.GetFullPath(value) } };
                    i++;
                    break;
                case "--in-memory":
                    options = options with { Engines = options.Engines with { RabbitMq = false } };
                    break;
                case "--protected":
                    options = options with { Play = Play.Protected };
                    break;
                case "--unbroken":
                    options = options with { Play = Play.Unbroken };
                    break;
                case "--controls":
                    options = options with { Controls = true };
                    break;
                case "--list-controls":
                    options = options with { ListControls = true };
                    break;
                default:
                    problem = $"{args[i]} {value} is not understood.";
                    return null;
            }
        }
        if (options.Play == Play.SwitchedOff || ControlRun.Find(options.Control)?.Plays.Contains(options.Play) == true) return options;
        problem = options.Control.Length == 0 ? "Say with --control what is played so." : $"{options.Control} has nothing to show without a kill.";
        return null;
    }
}
