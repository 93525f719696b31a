using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace MessageBackbone.Gateway;

/// <summary>Reads a gateway's settings: a JSON file, then the environment, which wins.</summary>
public static class GatewayConfiguration
{
    /// <summary>Variables like <c>MESSAGEBACKBONE_Gateway__Listen</c>.</summary>
    public const string EnvironmentPrefix = "MESSAGEBACKBONE_";

    /// <summary>Section <c>Gateway</c> of a JSON file and of the environment; paths in the file are relative to its folder. A setting that nobody knows is an
    /// error, not silence.</summary>
    /// <exception cref="ValidationException">A setting is unknown or cannot be read; the text names it.</exception>
    public static GatewayOptions Load(string file)
    {
        var path = Path.GetFullPath(file);
        var options = new GatewayOptions();
        Apply(options, new ConfigurationBuilder().AddJsonFile(path, optional: false), path);
        MakePathsAbsolute(options, Path.GetDirectoryName(path)!);
        ApplyEnvironment(options);
        return options;
    }

    /// <summary>Settings of the environment, over what is there.</summary>
    /// <exception cref="ValidationException">A setting is unknown or cannot be read; the text names it.</exception>
    public static void ApplyEnvironment(GatewayOptions options) =>
        Apply(options, new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix), $"The environment ({EnvironmentPrefix}…)");

    private static void Apply(GatewayOptions options, IConfigurationBuilder source, string named)
    {
        try
        {
            source.Build().GetSection(GatewayOptions.Section).Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or InvalidDataException or FormatException)
        {
            throw new ValidationException($"{named} cannot be used: {wrong.GetBaseException().Message}", wrong);
        }
    }

    private static void MakePathsAbsolute(GatewayOptions options, string folder)
    {
        options.DataFolder = Under(folder, options.DataFolder);
        options.PkiFolder = Under(folder, options.PkiFolder);
        options.HolderFolder = options.HolderFolder is { } holder ? Under(folder, holder) : null;
        options.TokenFile = options.TokenFile is { } token ? Under(folder, token) : null;
    }

    private static string Under(string folder, string path) => path.Length == 0 ? path : Path.GetFullPath(path, folder);
}
