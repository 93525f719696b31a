using Microsoft.Extensions.Configuration;

namespace MessageBackbone.Node.Hosting;

/// <summary>Reads a node's configuration file.</summary>
public static class NodeConfiguration
{
    /// <summary>Section <c>Node</c> of a JSON file; paths in it are relative to its folder. A setting that nobody knows is an error, not silence.</summary>
    /// <exception cref="InvalidOperationException">A setting is unknown or cannot be read.</exception>
    public static NodeOptions Load(string file)
    {
        var path = Path.GetFullPath(file);
        var options = new ConfigurationBuilder().AddJsonFile(path, optional: false).Build().GetSection(NodeOptions.Section)
            .Get<NodeOptions>(binder => binder.ErrorOnUnknownConfiguration = true) ?? new NodeOptions();
        var folder = Path.GetDirectoryName(path)!;
        options.DataFolder = Under(folder, options.DataFolder);
        options.CaFile = Under(folder, options.CaFile);
        options.CrlFile = Under(folder, options.CrlFile);
        options.HolderFolder = Under(folder, options.HolderFolder);
        options.SecretariatCertificates = [.. options.SecretariatCertificates.Select(certificate => Under(folder, certificate))];
        return options;
    }

    private static string Under(string folder, string path) => path.Length == 0 ? path : Path.GetFullPath(path, folder);
}
