using System.ComponentModel.DataAnnotations;
using MessageBackbone.Node.Hosting;

namespace MessageBackbone.Node.Tests.Hosting;

public sealed class NodeOptionsTests
{
    [Fact]
    public void A_configuration_file_names_paths_relative_to_itself_and_unknown_settings_are_errors()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("backbone-options-");
        try
        {
            var file = Path.Combine(folder.FullName, "node.json");
            File.WriteAllText(file, """{ "Node": { "DataFolder": "data", "CaFile": "/ca.pem", "SecretariatCertificates": ["s/tls.pem"], "Limits": { "Recipients": 7 } } }""");

            var options = NodeConfiguration.Load(file);

            Assert.Equal(Path.Combine(folder.FullName, "data"), options.DataFolder);
            Assert.Equal("/ca.pem", options.CaFile);
            Assert.Equal([Path.Combine(folder.FullName, "s/tls.pem")], options.SecretariatCertificates);
            Assert.Equal((7, "127.0.0.1:7443"), (options.Limits.Recipients, options.Listen));

            File.WriteAllText(file, """{ "Node": { "DataFolder": "data", "Recipients": 7 } }""");
            Assert.Throws<ValidationException>(() => NodeConfiguration.Load(file));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void What_cannot_be_used_is_named()
    {
        var options = new NodeOptions { DataFolder = "d", CaFile = "c", HolderFolder = "h", SecretariatCertificates = ["s"] };
        options.Validate();

        options.Listen = "localhost";
        Assert.Equal("Node: Listen is an IP address and a port, like 127.0.0.1:7443.", Assert.Throws<ValidationException>(options.Validate).Message);
        options = new NodeOptions { DataFolder = "d", CaFile = "c", HolderFolder = "h", SecretariatCertificates = ["s"], Limits = { Recipients = 0 } };
        Assert.Contains("Recipients", Assert.Throws<ValidationException>(options.Validate).Message, StringComparison.Ordinal);
    }
}
