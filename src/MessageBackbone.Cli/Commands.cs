using System.CommandLine;

namespace MessageBackbone.Cli;

/// <summary>The command line of wire.md §9. Exit code 0, 1 refused or failed, 2 wrong usage.</summary>
internal static class Commands
{
    public static int Run(string[] args) => new RootCommand("Exchange of signed messages between bureaus.").Parse(args).Invoke();
}
