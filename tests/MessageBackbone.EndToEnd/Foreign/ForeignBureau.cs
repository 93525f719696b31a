using System.Globalization;
using System.Text.Json;
using MessageBackbone.EndToEnd.Processes;

namespace MessageBackbone.EndToEnd.Foreign;

/// <summary>A bureau with openssl, the protos and a Python gRPC client. Its keys are made in its own folder and stay there.</summary>
internal sealed class ForeignBureau
{
    private readonly House _house;
    private readonly string _code;

    private ForeignBureau(House house, string code) => (_house, _code) = (house, code);

    public string Folder => Path.Combine(_house.Folder, "foreign", _code);

    /// <summary>Position of the last of its enrolments.</summary>
    public ulong EnrolledAt { get; private set; }

    /// <summary>
    /// Makes its keys and requests and has the authority certify them; the secretariat, which has the certificates only, registers and enrols it.
    /// </summary>
    public static async Task<ForeignBureau> JoinAsync(House house, string code, string signCurve = "P-256")
    {
        var bureau = new ForeignBureau(house, code);
        Directory.CreateDirectory(bureau.Folder);
        foreach (var file in (string[])["ca.pem", "crl.pem"]) File.Copy(Path.Combine(house.PkiFolder, file), Path.Combine(bureau.Folder, file));
        await MakeKeysAsync(bureau.Folder, code, Path.Combine(house.PkiFolder, "ca.pem"), Path.Combine(house.PkiFolder, "ca.key"), signCurve);

        var shown = Directory.CreateDirectory(Path.Combine(house.PkiFolder, code)).FullName;
        foreach (var file in (string[])["tls.pem", "sign.pem", "seal.pem"]) File.Copy(Path.Combine(bureau.Folder, file), Path.Combine(shown, file));
        await house.CommandAsync("directory", "register", code);
        var enrolled = await house.CommandAsync("pki", "enrol", code);
        bureau.EnrolledAt = ulong.Parse(enrolled.Trim().Split(' ')[^1], CultureInfo.InvariantCulture);
        return bureau;
    }

    public static async Task MakeKeysAsync(string folder, string code, string ca, string caKey, string signCurve = "P-256")
    {
        await Python.RunAsync("", "enrolling.py", "request", folder, code, signCurve);
        await Python.RunAsync("", "enrolling.py", "certify", folder, code, ca, caKey);
    }

    /// <summary>Runs one command of the bureau's program; what it saw.</summary>
    public Task<JsonElement> RunAsync(string command, params string[] arguments) => RunBesideAsync("", command, arguments);

    /// <summary>The same on a machine that trusts authorities of its own.</summary>
    public async Task<JsonElement> RunBesideAsync(string authorities, string command, params string[] arguments)
    {
        var output = await Python.RunAsync(authorities, "bureau.py", [_house.NodeAddress.Authority, Folder, _code, command, .. arguments]);
        return JsonDocument.Parse(output).RootElement;
    }

    /// <summary>As after a loss without a backup: the certificate is still enrolled, the key is another one.</summary>
    public Task LoseSealKeyAsync() =>
        Python.OpenSslAsync($"genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {Path.Combine(Folder, "seal.key")}");
}
