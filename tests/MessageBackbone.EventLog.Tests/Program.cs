using MessageBackbone.EventLog.Tests.Sqlite;

// Run with these arguments, the test program is the process that a crash test kills; else it is the runner.
if (args is [KilledProcess.Mode, var folder]) return await KilledProcess.AppendUntilKilledAsync(folder);
return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
