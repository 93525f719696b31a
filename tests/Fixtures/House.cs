using Google.Protobuf;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Fixtures;

/// <summary>A node with its certificate authority, its secretariat and enrolled bureaus, on loopback and in a folder of its own.</summary>
internal sealed class House : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("backbone-node-");
    private readonly Dictionary<string, Party> _parties = [];
    private readonly Action<NodeOptions>? _configure;
    private Party? _secretariat;
    private IssuedHolder? _secretariatFiles;

    private House(Action<NodeOptions>? configure) => _configure = configure;

    public ShiftedClock Clock { get; } = new();

    public ErrorLogs Logs { get; } = new();

    /// <summary>Where a gateway finds the authority's certificate and, in a folder each, every holder's keys.</summary>
    public string PkiFolder => Folder;

    public CertificateAuthority Ca { get; private set; } = null!;

    public TrustAnchor Anchor { get; private set; } = null!;

    public NodeHost Node { get; private set; } = null!;

    public string Folder => _folder.FullName;

    public NodeOptions Options { get; private set; } = null!;

    public Party Secretariat => _secretariat!;

    public IEventLog Log => Node.Services.GetRequiredService<IEventLog>();

    public Party this[string bureau] => _parties[bureau];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<House> OpenAsync(params string[] bureaus) => await OpenAsync(null, bureaus);

    public static async Task<House> OpenAsync(Action<NodeOptions>? configure, params string[] bureaus)
    {
        var house = new House(configure);
        house.MakePki();
        await house.StartAsync();
        foreach (var bureau in bureaus)
        {
            await house.AddBureauAsync(bureau);
        }

        return house;
    }

    /// <summary>New certificates of these uses, written over the files of before, as an administrator would; what runs has read the old ones.</summary>
    public IssuedHolder Renew(Holder holder, params CertificateUse[] uses)
    {
        var issued = Ca.IssueAll(holder, Clock.GetUtcNow());
        Write(Path.Combine(Folder, holder.Name), issued, name => uses.Any(use => name.StartsWith($"{use}.", StringComparison.OrdinalIgnoreCase)));
        return issued;
    }

    /// <summary>Starts the node on the same folder again, as after a restart, on a new port; connections are made anew.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
        foreach (var party in _parties.Values)
        {
            party.Reconnect(Node.GrpcAddress);
        }
    }

    /// <summary>Stops the node in order; <see cref="RestartAsync"/> starts it again.</summary>
    public async Task StopAsync() => await Node.DisposeAsync();

    /// <summary>Registers a bureau and enrols its three certificates.</summary>
    public async Task<Party> AddBureauAsync(string code, Classification highest = Classification.Confidential)
    {
        await RegisterAsync(code, highest);
        return await AddAsync(Holder.Bureau(code));
    }

    public async Task RegisterAsync(string code, Classification highest = Classification.Confidential) =>
        await Secretariat.Directory.RegisterBureauAsync(
            Secretariat.Order(new RegisterBureau
            {
                ActId = Secretariat.NewActId(),
                At = Secretariat.Now,
                Code = code,
                DisplayName = $"Bureau {code}",
                HighestClassification = highest,
            }),
            cancellationToken: Cancel);

    /// <summary>Issues and enrols all certificates of a holder; a bureau must be registered before.</summary>
    public async Task<Party> AddAsync(Holder holder)
    {
        var party = Issue(holder);
        await EnrolAsync(party);
        return _parties[holder.Name] = party;
    }

    /// <summary>A holder whose certificates are of this house's authority, but not enrolled. Its files lie in <see cref="Folder"/>, as a gateway reads them.</summary>
    public Party Issue(Holder holder)
    {
        var issued = Ca.IssueAll(holder, Clock.GetUtcNow());
        Write(Path.Combine(Folder, holder.Name), issued);
        return new(issued, Node.GrpcAddress, Anchor, Clock);
    }

    public async Task EnrolAsync(Party party)
    {
        await EnrolAsync(party.Keys.Tls.RawData, CertificateUse.Tls);
        if (party.Keys.Sign is { } sign)
        {
            await EnrolAsync(sign.RawData, CertificateUse.Sign);
        }

        if (party.Keys.Seal is { } seal)
        {
            await EnrolAsync(seal.RawData, CertificateUse.Seal);
        }
    }

    public async Task EnrolAsync(byte[] certificate, CertificateUse use) =>
        await Secretariat.Directory.EnrolCertificateAsync(
            Secretariat.Order(new EnrolCertificate
            {
                ActId = Secretariat.NewActId(),
                At = Secretariat.Now,
                Certificate = ByteString.CopyFrom(certificate),
                Use = use,
            }),
            cancellationToken: Cancel);

    /// <param name="invalidFor">How long before now the key is said to have been no good.</param>
    public async Task RevokeAsync(byte[] certificate, TimeSpan invalidFor = default)
    {
        var now = Secretariat.Now;
        var act = new RevokeCertificate
        {
            ActId = Secretariat.NewActId(),
            At = now,
            CertificateSha256 = ByteString.CopyFrom(Digests.Sha256(certificate)),
            InvalidSince = now - Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(invalidFor),
            Reason = "KEY_COMPROMISE",
        };
        await Secretariat.Directory.RevokeCertificateAsync(Secretariat.Order(act), cancellationToken: Cancel);
    }

    public async Task CloseAsync(string code) =>
        await Secretariat.Directory.CloseBureauAsync(
            Secretariat.Order(new CloseBureau { ActId = Secretariat.NewActId(), At = Secretariat.Now, Code = code, Reason = "MERGED" }), cancellationToken: Cancel);

    public async Task AllowTopicAsync(string topic, params string[] bureaus) =>
        await Secretariat.Directory.AllowTopicAsync(
            Secretariat.Order(new AllowTopic { ActId = Secretariat.NewActId(), At = Secretariat.Now, Topic = topic, Subscribers = { bureaus } }),
            cancellationToken: Cancel);

    public async Task SetPolicyAsync(params ExchangeRule[] rules) =>
        await Secretariat.Directory.SetExchangePolicyAsync(
            Secretariat.Order(new SetExchangePolicy { ActId = Secretariat.NewActId(), At = Secretariat.Now, Rules = { rules }, ClearKinds = { "alert.cap" } }),
            cancellationToken: Cancel);

    /// <summary>Events of a type in the log.</summary>
    public async Task<int> CountAsync(string type)
    {
        var count = 0;
        await foreach (var batch in Log.ReadAllAsync(LogPosition.Start, Cancel))
        {
            count += batch.Count(recorded => recorded.Type == type);
        }

        return count;
    }

    /// <summary>Every event of a stream, in order.</summary>
    public async Task<List<RecordedEvent>> ReadAsync(StreamId stream)
    {
        var events = new List<RecordedEvent>();
        await foreach (var recorded in Log.ReadStreamAsync(stream, null, Cancel))
        {
            events.Add(recorded);
        }

        return events;
    }

    /// <summary>Returns when the log holds so many events of a type.</summary>
    public async Task UntilRecordedAsync(string type, int count = 1)
    {
        await foreach (var batch in Log.SubscribeAllAsync(LogPosition.Start, Cancel))
        {
            count -= batch.Count(recorded => recorded.Type == type);
            if (count <= 0)
            {
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var party in _parties.Values.Append(_secretariat))
        {
            party?.Dispose();
        }

        await Node.DisposeAsync();
        Ca.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
        Assert.True(Logs.Errors.Count == 0, string.Join("\n\n", Logs.Errors));
    }

    private static void Write(string folder, IssuedHolder issued, Func<string, bool>? which = null)
    {
        System.IO.Directory.CreateDirectory(folder);
        foreach (var (name, text) in issued.Files.Where(file => which?.Invoke(file.Key) ?? true))
        {
            File.WriteAllText(Path.Combine(folder, name), text);
        }
    }

    private void MakePki()
    {
        var now = Clock.GetUtcNow();
        Ca = CertificateAuthority.Create("Test authority", now);
        Anchor = Ca.OpenTrustAnchor();
        File.WriteAllText(Path.Combine(Folder, "ca.pem"), Ca.CertificatePem);
        Write(Path.Combine(Folder, "node"), Ca.IssueAll(new Holder(HolderRole.Node, "node"), now));
        Write(Path.Combine(Folder, "log"), Ca.IssueAll(new Holder(HolderRole.Log, "log"), now));
        _secretariatFiles = Ca.IssueAll(new Holder(HolderRole.Secretariat, "secretariat"), now);
        Write(Path.Combine(Folder, "secretariat"), _secretariatFiles);
        Options = new NodeOptions
        {
            DataFolder = Path.Combine(Folder, "data"),
            Listen = "127.0.0.1:0",
            CaFile = Path.Combine(Folder, "ca.pem"),
            HolderFolder = Path.Combine(Folder, "node"),
            SecretariatCertificates = [Path.Combine(Folder, "secretariat", "tls.pem"), Path.Combine(Folder, "secretariat", "sign.pem")],
        };
        _configure?.Invoke(Options);
    }

    private async Task StartAsync()
    {
        Node = await NodeHost.StartAsync(Options, Clock, Logs, Cancel);
        _secretariat?.Dispose();
        _secretariat = new Party(_secretariatFiles!, Node.GrpcAddress, Anchor, Clock);
    }
}
