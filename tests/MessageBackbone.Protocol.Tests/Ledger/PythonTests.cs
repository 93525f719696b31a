using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Protocol.Tests.Ledger;

/// <summary>Roots and proofs against python/merkle.py, which was written from the texts of the RFCs alone.</summary>
public sealed class PythonTests
{
    private readonly StringBuilder _commands = new();
    private readonly List<string> _expected = [];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(1_000)]
    [InlineData(100_000)]
    public async Task The_checker_in_another_language_agrees(int count)
    {
        var tree = new TiledTree();
        for (var i = 0; i < count; i++)
        {
            var leaf = Leaf(i);
            _commands.Append(CultureInfo.InvariantCulture, $"leaf {Convert.ToHexString(leaf)}\n");
            tree.Add(MerkleTree.LeafHash(leaf));
        }
        Ask($"root {count}", tree.Frontier.Root().ToString());
        var random = new Random(count);
        for (var round = 0; round < Math.Min(count, 50); round++)
        {
            var size = (ulong)random.Next(1, count + 1);
            AskInclusion(tree, (ulong)random.NextInt64((long)size), size);
            AskConsistency(tree, (ulong)random.NextInt64(1, (long)size + 1), size);
        }
        if (count > 0)
        {
            AskInclusion(tree, (ulong)count - 1, (ulong)count);
            AskConsistency(tree, 1, (ulong)count);
        }

        Assert.Equal(_expected, await AnswersAsync());
    }

    private void AskInclusion(TiledTree tree, ulong index, ulong size)
    {
        var proof = tree.Inclusion(index, size);
        var root = Frontier.Read(size, tree.Hash).Root();
        var leaf = MerkleTree.LeafHash(Leaf((int)index));
        Ask($"inclusion {index} {size}", string.Join(' ', proof));
        Ask($"verify-inclusion {index} {size} {leaf} {root} {string.Join(' ', proof)}", "holds");
        Ask($"verify-inclusion {index} {size} {root} {leaf} {string.Join(' ', proof)}", root == leaf ? "holds" : "fails");
        Ask($"verify-inclusion {index} {size} {leaf} {root} {string.Join(' ', proof)} {leaf}", "fails");
    }

    private void AskConsistency(TiledTree tree, ulong old, ulong size)
    {
        var proof = tree.Consistency(old, size);
        var (oldRoot, root) = (Frontier.Read(old, tree.Hash).Root(), Frontier.Read(size, tree.Hash).Root());
        Ask($"consistency {old} {size}", string.Join(' ', proof));
        Ask($"verify-consistency {old} {size} {oldRoot} {root} {string.Join(' ', proof)}", "holds");
        Ask($"verify-consistency {old} {size} {root} {oldRoot} {string.Join(' ', proof)}", old == size ? "holds" : "fails");
        Ask($"verify-consistency {old} {size} {oldRoot} {root} {string.Join(' ', proof)} {root}", "fails");
    }

    private void Ask(string command, string answer)
    {
        _commands.Append(command).Append('\n');
        _expected.Add(answer);
    }

    private async Task<List<string>> AnswersAsync()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, _commands.ToString(), TestContext.Current.CancellationToken);
            var start = new ProcessStartInfo("/usr/bin/python3", [Script(), file])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, await errors);
            return [.. output.Split('\n')[..^1]];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static byte[] Leaf(int index) => SHA256.HashData(BitConverter.GetBytes(index))[..(index % 32)];

    private static string Script([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "python", "merkle.py");
}
