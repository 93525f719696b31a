using MessageBackbone.EventLog.Tests.EventStoreDb;
using MessageBackbone.EventLog.Tests.Sqlite;
using MessageBackbone.EventStoreStandIn;

// Run with these arguments, the test program is a process that a test kills; else it is the runner.
if (args is [KilledProcess.Mode, var folder]) return await KilledProcess.AppendUntilKilledAsync(folder);
if (args is [StandInProcess.Mode, .. var of]) return await StandInProcess.RunAsync(of);
// Classes of tests that need a server are not there when none is named: nothing is skipped.
if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(RealServerTests.Variable)))
    args = [.. args, "-class-", typeof(RealServerTests).FullName!, "-class-", typeof(TheRealServerItselfTests).FullName!];
return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
