return MessageBackbone.Cli.Commands.Run(args);
