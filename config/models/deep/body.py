"""The encoder in torch: twelve layers with norms after each half, heads on mean and maximum of tokens."""

import math

import torch
import torch.nn.functional as F

PARTS = ["q.w", "q.b", "k.w", "k.b", "v.w", "v.b", "ao.w", "ao.b", "aln.w", "aln.b",
         "fi.w", "fi.b", "fo.w", "fo.b", "oln.w", "oln.b"]
HEADS = {"polarity": 3, "kind": 13, "urgency": 4}
# What matrices are multiplied in: half precision where the processor has it, else single, which is then many times faster.
REAL = torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


def layer_weights(source, layer):
    """Parts of one layer as float tensors, matrices as rows of outputs."""
    out = {}
    for part in PARTS:
        values = torch.from_numpy(source.values(f"l{layer}.{part}"))
        rows = source.inner if part == "fi.w" else source.width
        out[part] = values.view(rows, -1) if part.endswith(".w") and "ln" not in part else values
    return out


class Noise:
    """Dropout masks from a pool drawn once: drawing them anew costs as much as the matrices."""

    def __init__(self, rate, seed):
        generator = torch.Generator().manual_seed(seed)
        size = 1 << 23
        self.pool = (torch.rand(size, generator=generator) >= rate).to(REAL) / (1 - rate)
        self.generator = generator

    def __call__(self, x):
        start = int(torch.randint(0, self.pool.numel() - x.numel(), (1,), generator=self.generator))
        return x * self.pool[start:start + x.numel()].view(x.shape)


def run_layer(x, bias, p, heads, epsilon, noise=None, watch=None):
    """x: texts × tokens × width, float32; bias: 0 or −1e4 for each token that is padding; `watch` is shown what each matrix is
    multiplied with."""
    watch = watch or (lambda name, x: None)
    watch("qkv", x)
    b, t, w = x.shape
    y = x.to(REAL)
    qkv = F.linear(y, torch.cat([p["q.w"], p["k.w"], p["v.w"]]).to(REAL),
                   torch.cat([p["q.b"], p["k.b"], p["v.b"]]).to(REAL))
    q, k, v = qkv.view(b, t, 3, heads, w // heads).permute(2, 0, 3, 1, 4)
    scores = q @ k.transpose(-1, -2) / math.sqrt(w // heads) + bias[:, None, None, :]
    mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, w)
    watch("ao", mixed)
    out = F.linear(mixed, p["ao.w"].to(REAL), p["ao.b"].to(REAL))
    out = noise(out) if noise else out
    x = F.layer_norm(x + out, (w,), p["aln.w"], p["aln.b"], epsilon)
    watch("fi", x)
    inner = F.gelu(F.linear(x.to(REAL), p["fi.w"].to(REAL), p["fi.b"].to(REAL)))
    watch("fo", inner)
    out = F.linear(inner, p["fo.w"].to(REAL), p["fo.b"].to(REAL))
    out = noise(out) if noise else out
    return F.layer_norm(x + out, (w,), p["oln.w"], p["oln.b"], epsilon)


def pool(x, mask):
    """Mean and maximum over the tokens that are there."""
    m = mask[:, :, None]
    mean = (x * m).sum(1) / m.sum(1)
    top = (x + (m - 1) * 1e4).max(1).values
    return torch.cat([mean, top], 1)


def batches(lengths, most_tokens, most_texts=32, generator=None):
    """Indices in batches of like length; in random order where a generator is given."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    out, batch = [], []
    for i in order:
        if batch and (len(batch) >= most_texts or (len(batch) + 1) * lengths[i] > most_tokens):
            out.append(batch)
            batch = []
        batch.append(i)
    if batch:
        out.append(batch)
    if generator is not None:
        out = [out[i] for i in torch.randperm(len(out), generator=generator).tolist()]
    return out


class Lower:
    """The frozen layers: hidden states of many texts, kept flat in bf16."""

    def __init__(self, source, layers):
        self.source = source
        self.width = source.width
        self.layers = [layer_weights(source, i) for i in range(layers)]
        self.norm = [torch.from_numpy(source.values(n)) for n in ("emb.ln.w", "emb.ln.b")]
        self.places = torch.from_numpy(source.values("emb.pos").reshape(-1, source.width))
        self.places = self.places + torch.from_numpy(source.values("emb.type").reshape(-1, source.width)[0])
        self.words = torch.from_numpy(source.values("emb.word").reshape(-1, source.width)).to(torch.bfloat16)

    @torch.no_grad()
    def read(self, texts):
        """Flat states and where each text begins."""
        lengths = [len(t) for t in texts]
        starts = [0]
        for n in lengths:
            starts.append(starts[-1] + n)
        flat = torch.empty(starts[-1], self.width, dtype=torch.bfloat16)
        for batch in batches(lengths, 4096, 64):
            ids, mask = padded([texts[i] for i in batch])
            x = self.words[ids].float() + self.places[:ids.shape[1]]
            x = F.layer_norm(x, (self.width,), *self.norm, self.source.epsilon)
            bias = ((mask - 1) * 1e4).to(REAL)
            for p in self.layers:
                x = run_layer(x, bias, p, self.source.heads, self.source.epsilon)
            for row, i in enumerate(batch):
                flat[starts[i]:starts[i + 1]] = x[row, :lengths[i]].to(torch.bfloat16)
        return flat, starts


def padded(texts):
    """Ids with padding and a mask of 1 and 0."""
    most = max(len(t) for t in texts)
    ids = torch.full((len(texts), most), 1)
    mask = torch.zeros(len(texts), most)
    for i, t in enumerate(texts):
        ids[i, :len(t)] = torch.tensor(t)
        mask[i, :len(t)] = 1
    return ids, mask


class Upper(torch.nn.Module):
    """The trained layers and the heads."""

    def __init__(self, source, layers, seed):
        super().__init__()
        self.heads_count, self.epsilon, self.width = source.heads, source.epsilon, source.width
        self.layers = torch.nn.ModuleList()
        for i in layers:
            self.layers.append(torch.nn.ParameterDict(
                {k.replace(".", "_"): torch.nn.Parameter(v.clone()) for k, v in layer_weights(source, i).items()}))
        generator = torch.Generator().manual_seed(seed)
        outputs = sum(HEADS.values())
        self.head_w = torch.nn.Parameter(torch.randn(outputs, 2 * source.width, generator=generator) * 0.02)
        self.head_b = torch.nn.Parameter(torch.zeros(outputs))

    def forward(self, x, mask, noise=None):
        """Raw values of all heads, side by side."""
        bias = ((mask - 1) * 1e4).to(REAL)
        for p in self.layers:
            x = run_layer(x, bias, {k.replace("_", "."): v for k, v in p.items()},
                          self.heads_count, self.epsilon, noise)
        pooled = pool(x, mask)
        pooled = noise(pooled) if noise else pooled
        return F.linear(pooled.float(), self.head_w, self.head_b)

    @torch.no_grad()
    def judge(self, flat, starts):
        """Log-probabilities of every text by the flat states of the lower layers."""
        n = len(starts) - 1
        lengths = [starts[i + 1] - starts[i] for i in range(n)]
        out = torch.empty(n, sum(HEADS.values()))
        for batch in batches(lengths, 4096, 64):
            x, mask = gather(flat, starts, batch)
            out[batch] = torch.cat([part.log_softmax(1) for part in self(x, mask).split(list(HEADS.values()), 1)], 1)
        return out.numpy()

    @torch.no_grad()
    def means(self, flat, starts):
        """Mean states of the last layer."""
        for layer in range(len(self.layers)):
            flat = self.next(flat, starts, layer)
        return torch.stack([flat[a:b].float().mean(0) for a, b in zip(starts, starts[1:])])

    @torch.no_grad()
    def next(self, flat, starts, layer):
        """States one layer on."""
        out = torch.empty(flat.shape)
        for batch in batches([b - a for a, b in zip(starts, starts[1:])], 4096, 64):
            x, mask = gather(flat, starts, batch)
            x = self.run(layer, x, mask)
            for row, i in enumerate(batch):
                out[starts[i]:starts[i + 1]] = x[row, :starts[i + 1] - starts[i]]
        return out

    @torch.no_grad()
    def watch(self, flat, starts, layer, name, show):
        """Shows what the matrix `name` of a layer is multiplied with, a batch at a time, without padding."""
        for batch in batches([b - a for a, b in zip(starts, starts[1:])], 4096, 64):
            x, mask = gather(flat, starts, batch)
            self.run(layer, x, mask, lambda of, x: show(x[mask.bool()].float()) if of == name else None)

    def run(self, layer, x, mask, watch=None):
        weights = {k.replace("_", "."): v for k, v in self.layers[layer].items()}
        return run_layer(x, ((mask - 1) * 1e4).to(REAL), weights, self.heads_count, self.epsilon, watch=watch)


def gather(flat, starts, batch):
    """States of some texts, padded."""
    lengths = [starts[i + 1] - starts[i] for i in batch]
    x = torch.zeros(len(batch), max(lengths), flat.shape[1])
    mask = torch.zeros(len(batch), max(lengths))
    for row, i in enumerate(batch):
        x[row, :lengths[row]] = flat[starts[i]:starts[i + 1]].float()
        mask[row, :lengths[row]] = 1
    return x, mask
