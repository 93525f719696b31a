using MessageBackbone.Cli;
using MessageBackbone.Cli.Invoking;

return await Commands.RunAsync(args, Shell.OfThisProcess());
