using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using MessageBackbone.Cli.Benching;
using MessageBackbone.Cli.Carrying;
using MessageBackbone.Cli.Demo;
using MessageBackbone.Cli.DirectoryActs;
using MessageBackbone.Cli.Exchanging;
using MessageBackbone.Cli.Inspecting;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Logs;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Running;

namespace MessageBackbone.Cli;

/// <summary>The command line of wire.md §9. Exit code 0, 1 refused or failed, 2 wrong usage.</summary>
internal static class Commands
{
    public static RootCommand Tree(Shell shell)
    {
        var root = new RootCommand("Exchange of signed, sealed messages between bureaus.");
        foreach (var option in CommonOptions.All) root.Options.Add(option);
        root.Subcommands.Add(DemoCommand.Create(shell));
        root.Subcommands.Add(NodeCommand.Create(shell));
        root.Subcommands.Add(GatewayCommand.Create(shell));
        root.Subcommands.Add(PkiCommands.Create(shell));
        root.Subcommands.Add(DirectoryCommands.Create(shell));
        foreach (var command in ExchangeCommands.Create(shell)) root.Subcommands.Add(command);
        root.Subcommands.Add(CarryCommands.Create(shell));
        root.Subcommands.Add(AuditCommands.Create(shell));
        root.Subcommands.Add(OpsCommands.Create(shell));
        root.Subcommands.Add(LogCommands.Create(shell));
        root.Subcommands.Add(BenchCommands.Create(shell));
        foreach (var help in root.Options.OfType<HelpOption>().Where(h => h.Action is HelpAction))
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    public static async Task<int> RunAsync(string[] args, Shell shell, CancellationToken stop = default)
    {
        // "@file" is text like any other here: a message may begin with it.
        var parsed = Tree(shell).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction) return await WrongUsageAsync(parsed, shell);
        var running = new InvocationConfiguration
        {
            Output = shell.Output,
            Error = shell.Error,
            EnableDefaultExceptionHandler = false,
            // A node or a demo closes its streams and its log before it ends; systemd's own limit is 90 s.
            ProcessTerminationTimeout = TimeSpan.FromSeconds(60),
        };
        try
        {
            return await parsed.InvokeAsync(running, stop);
        }
        catch (Exception fault) when (Faults.Describe(fault) is { } told)
        {
            await shell.Error.WriteLineAsync("backbone: " + told.Line);
            return told.ExitCode;
        }
    }

    private static async Task<int> WrongUsageAsync(ParseResult parsed, Shell shell)
    {
        var problem = parsed.Errors.Count > 0 ? parsed.Errors[0].Message : "A command is missing.";
        await shell.Error.WriteLineAsync($"backbone: {problem} See '{CommandPath(parsed.CommandResult.Command)} --help'.");
        return 2;
    }

    private static string CommandPath(Command command)
    {
        var names = new List<string>();
        for (Command? c = command; c is not null; c = c.Parents.OfType<Command>().FirstOrDefault())
            names.Insert(0, c is RootCommand ? "backbone" : c.Name);
        return string.Join(' ', names);
    }
}
