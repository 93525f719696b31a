using System.CommandLine;

namespace MessageBackbone.Cli.Invoking;

/// <summary>What surrounds a command: its streams, its environment and the clock. Tests give their own.</summary>
internal sealed record Shell(
    TextWriter Output, TextWriter Error, Stream Input, Func<string, string?> Environment, TimeProvider Clock, bool OutputIsTerminal,
        bool InputIsTerminal)
{
    public static Shell OfThisProcess() => new(
        Console.Out, Console.Error, Console.OpenStandardInput(), System.Environment.GetEnvironmentVariable, TimeProvider.System,
        !Console.IsOutputRedirected, !Console.IsInputRedirected);
}

/// <summary>A command whose help ends in examples that work when they are copied.</summary>
internal sealed class DocumentedCommand : Command
{
    public DocumentedCommand(string name, string description, params string[] examples) : base(name, description) => Examples = examples;

    public IReadOnlyList<string> Examples { get; }

    public DocumentedCommand With(params Symbol[] parts)
    {
        foreach (var part in parts)
        {
            if (part is Option option) Options.Add(option);
            else if (part is Argument argument) Arguments.Add(argument);
            else if (part is Command command) Subcommands.Add(command);
        }
        return this;
    }

    public DocumentedCommand Does(Shell shell, Func<Session, CancellationToken, Task> act)
    {
        SetAction(async (parsed, stop) =>
        {
            var session = new Session(shell, parsed);
            await act(session, stop);
            return session.ExitCode;
        });
        return this;
    }
}

/// <summary>A failure that the command foresees: what is wrong, and what to do next.</summary>
internal sealed class CommandFailure(string problem, string next = "", int exitCode = 1)
    : Exception(next.Length == 0 ? problem : problem + " " + next)
{
    public int ExitCode { get; } = exitCode;

    public static CommandFailure Usage(string problem, string next = "") => new(problem, next, 2);
}
