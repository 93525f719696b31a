"""The tree of RFC 6962 section 2.1 and the verifiers of RFC 9162 section 2.1.3.2 and 2.1.4.2, from their text.

Reads commands from standard input or from the file named as argument, one a line; hashes and leaves are hexadecimal.
Answers each command that asks something with one line.

    leaf HEX                                    takes a leaf (HEX may be absent: a leaf of no bytes)
    root N                                      MTH(D[N])
    inclusion INDEX N                           PATH(INDEX, D[N])
    consistency M N                             PROOF(M, D[N])
    verify-inclusion INDEX N LEAF ROOT HASH...  "holds" or "fails"; LEAF is the hash of the leaf
    verify-consistency M N OLD NEW HASH...      "holds" or "fails"
"""
import hashlib
import sys

leaves = []
subtrees = {}


def sha256(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha256(b"\x01" + left + right)


def split(n):
    """The largest power of two smaller than n."""
    return 1 << ((n - 1).bit_length() - 1)


def mth(begin, end):
    """MTH(D[begin:end])"""
    n = end - begin
    if n == 0:
        return sha256(b"")
    if (begin, end) not in subtrees:
        if n == 1:
            subtrees[begin, end] = sha256(b"\x00" + leaves[begin])
        else:
            k = split(n)
            subtrees[begin, end] = node(mth(begin, begin + k), mth(begin + k, end))
    return subtrees[begin, end]


def path(m, begin, end):
    """PATH(m, D[begin:end])"""
    n = end - begin
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return path(m, begin, begin + k) + [mth(begin + k, end)]
    return path(m - k, begin + k, end) + [mth(begin, begin + k)]


def subproof(m, begin, end, whole):
    """SUBPROOF(m, D[begin:end], whole)"""
    n = end - begin
    if m == n:
        return [] if whole else [mth(begin, end)]
    k = split(n)
    if m <= k:
        return subproof(m, begin, begin + k, whole) + [mth(begin + k, end)]
    return subproof(m - k, begin + k, end, False) + [mth(begin, begin + k)]


def verify_inclusion(index, size, leaf, root, proof):
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            r = node(r, p)
        fn >>= 1
        sn >>= 1
    return sn == 0 and r == root


def verify_consistency(first, second, old, new, proof):
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and old == new
    if not proof:
        return False
    if first & (first - 1) == 0:
        proof = [old] + proof
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            sr = node(sr, c)
        fn >>= 1
        sn >>= 1
    return sn == 0 and fr == old and sr == new


def answer(command, words):
    if command in ("verify-inclusion", "verify-consistency"):
        a, b = int(words[0]), int(words[1])
        one, two, *proof = map(bytes.fromhex, words[2:])
        verify = verify_inclusion if command == "verify-inclusion" else verify_consistency
        return "holds" if verify(a, b, one, two, proof) else "fails"
    numbers = [int(word) for word in words]
    if numbers[-1] > len(leaves):
        raise ValueError("there are only %d leaves" % len(leaves))
    if command == "root":
        return mth(0, numbers[0]).hex()
    if command == "inclusion":
        return " ".join(h.hex() for h in path(numbers[0], 0, numbers[1]))
    if command == "consistency":
        return " ".join(h.hex() for h in subproof(numbers[0], 0, numbers[1], True))
    raise ValueError("unknown command " + command)


def main():
    source = open(sys.argv[1], encoding="ascii") if len(sys.argv) > 1 else sys.stdin
    for line in source:
        words = line.split()
        if words and words[0] == "leaf":
            leaves.append(bytes.fromhex("".join(words[1:])))
        elif words:
            print(answer(words[0], words[1:]))


if __name__ == "__main__":
    main()
