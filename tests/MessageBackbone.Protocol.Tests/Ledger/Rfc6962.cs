using System.Security.Cryptography;
using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Protocol.Tests.Ledger;

/// <summary>RFC 6962 §2.1 as it is written, by recursion over the leaves: slow, and with nothing of the code under test but its 32 bytes.</summary>
internal static class Rfc6962
{
    public static byte[][] WellKnownLeaves { get; } =
    [
        .. new[] { "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f" }.Select(Convert.FromHexString),
    ];

    /// <summary>Roots of the first 0, 1 … 8 of the well-known leaves, as the logs of web certificates test themselves with.</summary>
    public static string[] WellKnownRoots { get; } =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    /// <summary>Leaves of different lengths, all different.</summary>
    public static byte[][] Leaves(int count) =>
        [.. Enumerable.Range(0, count).Select(i => SHA256.HashData(BitConverter.GetBytes(i))[..((i % 32) + 1)])];

    public static byte[] Mth(ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 0)
            return SHA256.HashData([]);
        if (leaves.Length == 1)
            return SHA256.HashData([0, .. leaves[0]]);
        var k = Split(leaves.Length);
        return SHA256.HashData([1, .. Mth(leaves[..k]), .. Mth(leaves[k..])]);
    }

    public static List<TreeHash> Path(int m, ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 1)
            return [];
        var k = Split(leaves.Length);
        return m < k
            ? [.. Path(m, leaves[..k]), TreeHash.From(Mth(leaves[k..]))]
            : [.. Path(m - k, leaves[k..]), TreeHash.From(Mth(leaves[..k]))];
    }

    public static List<TreeHash> Proof(int m, ReadOnlySpan<byte[]> leaves) => Subproof(m, leaves, whole: true);

    public static TreeHash Root(ReadOnlySpan<byte[]> leaves) => TreeHash.From(Mth(leaves));

    private static List<TreeHash> Subproof(int m, ReadOnlySpan<byte[]> leaves, bool whole)
    {
        if (m == leaves.Length)
            return whole ? [] : [TreeHash.From(Mth(leaves))];
        var k = Split(leaves.Length);
        return m <= k
            ? [.. Subproof(m, leaves[..k], whole), TreeHash.From(Mth(leaves[k..]))]
            : [.. Subproof(m - k, leaves[k..], whole: false), TreeHash.From(Mth(leaves[..k]))];
    }

    private static int Split(int n)
    {
        var k = 1;
        while (k * 2 < n)
            k *= 2;
        return k;
    }
}
