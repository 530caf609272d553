"""Fine-tunes the upper layers of the encoder on the officer's labels.

    python train.py --source e5-small-q4.bin --data ../../../../shared/data/domain --out run.npz [--hold 1]

Without `--hold` all posts are learned from. With `--hold F` (a number of source-folds.json, or `p0` to `p4`: a fifth of the
first file, or `s80`: one of 80 posts of both; several with commas) those posts are kept out and judged at the end; their log-probabilities are in the output.
"""

import argparse
import hashlib
import json
import os
import random
import time

import numpy as np
import torch

import e5
from body import HEADS, Lower, Noise, Upper, batches

POLARITY = ["negative", "neutral", "positive"]
KIND = ["grievance", "accident", "misconduct", "rumour", "response", "praise", "achievement", "policy", "market",
        "question", "opinion", "chat", "ad"]


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--source", required=True)
    p.add_argument("--data", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--hold", default="")
    p.add_argument("--epochs", type=int, default=4)
    p.add_argument("--rate", type=float, default=8e-5)
    p.add_argument("--even", type=float, default=0.7, help="posts of a source count as their number to this power")
    p.add_argument("--decay", type=float, default=0.9, help="learning rate of a layer against the one above")
    p.add_argument("--mean", type=float, default=0.99, help="running mean of the weights")
    p.add_argument("--train-tokens", type=int, default=64)
    p.add_argument("--tokens", type=int, default=128)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--cache", default="", help="a folder that keeps the states of the lower layers")
    p.add_argument("--limit", type=int, default=0, help="only so many posts, to try the script")
    p.add_argument("--more", default="", help="further posts with labels, as gather.py writes them")
    p.add_argument("--start", default="", help="an encoder's file whose upper layers and heads are learned on")
    return p.parse_args()


def source_of(post):
    """Family of the first file, source of the second."""
    return post["id"].rsplit("-", 1)[0] if "picked" in post else "1-" + post["id"].split("-")[0]


def load(folder):
    return rows(f"{folder}/posts-train.jsonl") + rows(f"{folder}/posts-train-2.jsonl")


def rows(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def held(post, hold, folds):
    """Is the post kept out of training? By any of the names in `hold`."""
    if not hold or "," in hold:
        return any(held(post, part, folds) for part in hold.split(",") if part)
    if hold.startswith("s"):
        return int(hashlib.sha256(post["id"].encode()).hexdigest(), 16) % int(hold[1:]) == 0
    if hold.startswith("p"):
        if "picked" in post:
            return False
        return int(hashlib.sha256(post["id"].encode()).hexdigest(), 16) % 5 == int(hold[1:])
    return folds.get(post["id"].rsplit("-", 1)[0], -1) == int(hold)


def pieces(tokenizer, post, most):
    ids = tokenizer.encode(e5.words_of(post.get("title"), post.get("text")))
    return [e5.BEGIN] + ids[:most - 2] + [e5.END]


def shortened(ids, most):
    return ids[:most - 1] + [e5.END] if len(ids) > most else ids


def class_weights(labels, classes):
    counts = np.bincount(labels, minlength=classes) + 1.0
    return torch.tensor(np.minimum((len(labels) / (classes * counts)) ** 0.5, 3.0), dtype=torch.float32)


def evenly(sources, power, dice):
    """As many draws as posts: a source is drawn by its size to the power, its posts in turn."""
    groups = {}
    for i, s in enumerate(sources):
        groups.setdefault(s, []).append(i)
    names = sorted(groups)
    weights = np.array([len(groups[n]) ** power for n in names])
    counts = weights / weights.sum() * len(sources)
    out = []
    for name, count in zip(names, counts):
        count = int(count) + (dice.random() < count % 1)
        members = groups[name]
        while count > 0:
            dice.shuffle(members)
            out += members[:count]
            count -= len(members)
    return out


def loss_of(values, targets, weights):
    """Polarity and kind weighted by class, urgency at 0.7; targets are distributions."""
    total, at = 0.0, 0
    for (name, size), weight in zip(HEADS.items(), (1.0, 1.0, 0.7)):
        logs = values[:, at:at + size].log_softmax(1)
        truth = targets[:, at:at + size]
        by = (truth * weights[name]).sum(1)
        smooth = truth * 0.95 + 0.05 / size
        total = total + weight * (-(smooth * logs).sum(1) * by).sum() / by.sum()
        at += size
    return total


def targets_of(posts):
    out = np.zeros((len(posts), sum(HEADS.values())), np.float32)
    for i, p in enumerate(posts):
        out[i, POLARITY.index(p["polarity"])] = 1
        out[i, 3 + KIND.index(p["kind"])] = 1
        out[i, 16 + int(p["urgency"])] = 1
    return out


def train(args, model, view, targets, sources, report):
    """Returns the running mean of the weights."""
    dice = random.Random(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    weights = {"polarity": class_weights(targets[:, :3].argmax(1), 3),
               "kind": class_weights(targets[:, 3:16].argmax(1), 13), "urgency": torch.ones(4)}
    top = len(model.layers)
    groups = [{"params": list(p.values()), "lr": args.rate * args.decay ** (top - 1 - i)}
              for i, p in enumerate(model.layers)]
    groups.append({"params": [model.head_w, model.head_b], "lr": args.rate * 10})
    bases = [g["lr"] for g in groups]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98), foreach=True)
    noise = Noise(0.1, args.seed)
    truth = torch.from_numpy(targets)
    mean = {k: v.detach().clone() for k, v in model.state_dict().items()}
    plan = []
    for _ in range(args.epochs):
        chosen = evenly(sources, args.even, dice)
        lengths = [view[2][i] for i in chosen]
        plan.append([[chosen[j] for j in b] for b in batches(lengths, 2560, 32, generator)])
    steps, step, began, done = sum(map(len, plan)), 0, time.time(), 0
    place = args.out.replace(".npz", ".part")
    if os.path.exists(place):
        kept = torch.load(place)
        model.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        noise.generator.set_state(kept["noise"])
        mean, done = kept["mean"], kept["step"]
        print(f"goes on after step {done}", flush=True)
    for epoch, part in enumerate(plan):
        for batch in part:
            if step < done:
                step += 1
                continue
            share = min((step + 1) / (0.1 * steps), (steps - step) / (0.9 * steps), 1.0)
            for group, base in zip(optimizer.param_groups, bases):
                group["lr"] = base * share
            xs = [view[0][view[1][i]:view[1][i] + view[2][i]] for i in batch]
            most = max(len(x) for x in xs)
            x = torch.zeros(len(xs), most, model.width)
            mask = torch.zeros(len(xs), most)
            for row, states in enumerate(xs):
                x[row, :len(states)] = states.float()
                mask[row, :len(states)] = 1
            loss = loss_of(model(x, mask, noise), truth[batch], weights)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % 5 == 0:
                keep = min(args.mean, step / (step + 50)) ** 5 if args.mean else 0.0
                for k, v in model.state_dict().items():
                    mean[k].mul_(keep).add_(v, alpha=1 - keep)
            if step % 200 == 0:
                torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "mean": mean,
                            "noise": noise.generator.get_state(), "step": step}, place + "~")
                os.replace(place + "~", place)
            if step % 25 == 0:
                print(f"step {step}/{steps} loss {float(loss):.3f} {time.time() - began:.0f} s", flush=True)
        if step > done:
            report(epoch, mean)
    return mean


def states(args, lower, texts):
    """States of the lower layers, from the cache where it has them."""
    place = ""
    if args.cache:
        place = f"{args.cache}/{hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]}.pt"
        if os.path.exists(place):
            return torch.load(place)
    out = lower.read(texts)
    if place:
        torch.save(out, place)
    return out


def together(parts):
    """States of several readings as one: flat, where each text begins, how long it is."""
    flat = torch.cat([p[0] for p in parts])
    begins, lengths, at = [], [], 0
    for _, starts in parts:
        begins += [at + s for s in starts[:-1]]
        lengths += [b - a for a, b in zip(starts, starts[1:])]
        at += starts[-1]
    return flat, begins, lengths


def figures(truth, logs):
    """Accuracy and macro-F1 of polarity and kind, AUC of urgency 2 or more."""
    from sklearn.metrics import f1_score, roc_auc_score
    out, at = [], 0
    for size in (3, 13):
        right, said = truth[:, at:at + size].argmax(1), logs[:, at:at + size].argmax(1)
        out.append(f"{(right == said).mean():.3f}/{f1_score(right, said, average='macro'):.3f}")
        at += size
    act = truth[:, 16:].argmax(1) >= 2
    odds = np.logaddexp(logs[:, 18], logs[:, 19]) - np.logaddexp(logs[:, 16], logs[:, 17])
    out.append(f"{roc_auc_score(act, odds):.3f}")
    return " · ".join(out)


def main():
    args = arguments()
    torch.manual_seed(args.seed)
    posts = load(args.data)
    more = rows(args.more) if args.more else []
    if args.limit:
        random.Random(5).shuffle(posts)
        posts = posts[:args.limit]
    folds = json.load(open(f"{args.data}/source-folds.json"))
    out = [p for p in posts if held(p, args.hold, folds)]
    source = e5.Source(args.source)
    tokenizer = e5.Tokenizer(source.names, source.scores, source.mapping)
    began = time.time()
    # The lower layers read all posts, so that what they make of them serves every fold.
    lower = Lower(source, 6)
    read = lambda some: states(args, lower, [shortened(pieces(tokenizer, p, 256), args.train_tokens) for p in some])
    flat, begins, lengths = together([read(some) for some in (posts, more) if some])
    keep = [i for i, p in enumerate(posts + more) if not held(p, args.hold, folds)]
    kept = [(posts + more)[i] for i in keep]
    view = flat, [begins[i] for i in keep], [lengths[i] for i in keep]
    targets, sources = targets_of(kept), [source_of(p) for p in kept]
    apart = states(args, lower, [pieces(tokenizer, p, args.tokens) for p in out]) if out else None
    print(f"{len(kept)} posts learned from, {len(out)} kept out; lower layers in {time.time() - began:.0f} s", flush=True)
    truth = targets_of(out)
    model = Upper(source, range(6, 12), args.seed)
    if args.start:
        model.load_state_dict(e5.learned(args.start, 6))

    def report(epoch, mean):
        if out:
            logs = model.judge(*apart)
            for part in args.hold.split(","):
                rows = [i for i, p in enumerate(out) if held(p, part, folds)]
                print(f"epoch {epoch + 1}, {part}: {figures(truth[rows], logs[rows])}", flush=True)
        torch.save(mean, args.out.replace(".npz", ".pt"))

    mean = train(args, model, view, targets, sources, report)
    if args.mean:
        model.load_state_dict(mean)
    torch.save(model.state_dict(), args.out.replace(".npz", ".pt"))
    if out:
        logs = model.judge(*apart)
        print(f"running mean: {figures(truth, logs)}", flush=True)
        np.savez(args.out, ids=np.array([p["id"] for p in out]), logs=logs, truth=truth)


if __name__ == "__main__":
    main()
