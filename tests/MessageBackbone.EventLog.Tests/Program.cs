using MessageBackbone.EventLog.Tests.EventStoreDb;
using MessageBackbone.EventLog.Tests.Sqlite;

// Run with these arguments, the test program is the process that a crash test kills; else it is the runner.
if (args is [KilledProcess.Mode, var folder]) return await KilledProcess.AppendUntilKilledAsync(folder);
// A class of tests that needs a server is not there when none is named: nothing is skipped.
if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(RealServerTests.Variable))) args = [.. args, "-class-", typeof(RealServerTests).FullName!];
return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
