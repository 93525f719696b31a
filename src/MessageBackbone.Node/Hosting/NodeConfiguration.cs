using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace MessageBackbone.Node.Hosting;

/// <summary>Reads a node's settings: a JSON file, then the environment, which wins.</summary>
public static class NodeConfiguration
{
    /// <summary>Variables like <c>MESSAGEBACKBONE_Node__Listen</c>.</summary>
    public const string EnvironmentPrefix = "MESSAGEBACKBONE_";

    /// <summary>Section <c>Node</c> of a JSON file and of the environment; paths in the file are relative to its folder. A setting that nobody knows is an
    /// error, not silence.</summary>
    /// <exception cref="ValidationException">A setting is unknown or cannot be read; the text names it.</exception>
    public static NodeOptions Load(string file)
    {
        var path = Path.GetFullPath(file);
        var options = new NodeOptions();
        Apply(options, new ConfigurationBuilder().AddJsonFile(path, optional: false), path);
        MakePathsAbsolute(options, Path.GetDirectoryName(path)!);
        ApplyEnvironment(options);
        return options;
    }

    /// <summary>Settings of the environment, over what is there.</summary>
    /// <exception cref="ValidationException">A setting is unknown or cannot be read; the text names it.</exception>
    public static void ApplyEnvironment(NodeOptions options) =>
        Apply(options, new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix), $"The environment ({EnvironmentPrefix}…)");

    private static void Apply(NodeOptions options, IConfigurationBuilder source, string named)
    {
        try
        {
            source.Build().GetSection(NodeOptions.Section).Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or InvalidDataException or FormatException)
        {
            throw new ValidationException($"{named} cannot be used: {wrong.GetBaseException().Message}", wrong);
        }
    }

    private static void MakePathsAbsolute(NodeOptions options, string folder)
    {
        options.DataFolder = Under(folder, options.DataFolder);
        options.CaFile = Under(folder, options.CaFile);
        options.CrlFile = Under(folder, options.CrlFile);
        options.HolderFolder = Under(folder, options.HolderFolder);
        foreach (var call in options.Escalation.Calls)
        {
            call.CaFile = Under(folder, call.CaFile);
            call.ClientCertificate = Under(folder, call.ClientCertificate);
            call.ClientKey = Under(folder, call.ClientKey);
        }

        options.SecretariatCertificates = [.. options.SecretariatCertificates.Select(certificate => Under(folder, certificate))];
    }

    private static string Under(string folder, string path) => path.Length == 0 ? path : Path.GetFullPath(path, folder);
}
