using MessageBackbone.Faults.Programs;
using MessageBackbone.Faults.Running;

// One program: the runner, each node and gateway that it starts, and the tests.
return args switch
{
    [NodeProgram.Name, var config, var control] => await NodeProgram.RunAsync(config, control),
    [GatewayProgram.Name, var config, var control] => await GatewayProgram.RunAsync(config, control),
    ["faults", .. var rest] => await FaultCommand.RunAsync(rest, Console.Out),
    _ => await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args),
};
