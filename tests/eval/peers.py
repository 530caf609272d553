"""Scores other extractors on the labelled pages, as `guanlan eval --task sites` scores this one.

In: the folder of pages (`<slug>/{page.html, expected.json}`). Out: mean body F1 (character 4-grams over letters, digits
and ideographs) over all pages, the new ones, those whose truth is no consensus, and by set. Not part of `cargo test`.

    python3 -m venv peers && peers/bin/pip install readability-lxml trafilatura newspaper4k jieba gne lxml_html_clean
    peers/bin/python tests/eval/peers.py ../shared/data/pages
"""

import collections
import json
import multiprocessing
import pathlib
import re
import sys


def readability(raw, text):
    import readability
    from lxml import html

    return html.fromstring(readability.Document(text).summary()).text_content()


def trafilatura(raw, text):
    import trafilatura

    return trafilatura.extract(raw) or ""


def newspaper(raw, text):
    import newspaper

    article = newspaper.Article("http://page.example/", language="zh")
    article.download(input_html=text)
    article.parse()
    return article.text


def gne(raw, text):
    import gne

    return gne.GeneralNewsExtractor().extract(text)["content"]


PEERS = {"readability-lxml": readability, "trafilatura": trafilatura, "newspaper4k": newspaper, "gne": gne}


def decoded(raw):
    stated = re.search(rb"charset=[\"']?([\w-]+)", raw[:4000])
    for name in [stated.group(1).decode() if stated else "utf-8", "utf-8", "gb18030"]:
        try:
            return raw.decode("gb18030" if name.lower() in ("gb2312", "gbk") else name)
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("utf-8", "replace")


def grams(text):
    letters = "".join(c for c in text.lower() if c.isalnum())
    return collections.Counter(letters[i : i + 4] for i in range(len(letters) - 3))


def f1(truth, got):
    a, b = grams(truth), grams(got)
    shared = sum(min(n, a[g]) for g, n in b.items())
    return 2 * shared / max(1, sum(a.values()) + sum(b.values()))


def score(path):
    """What each peer makes of one page: its kinds, and for each peer F1 and whether it failed."""
    truth = json.loads((path / "expected.json").read_text(encoding="utf-8"))
    if not truth.get("body"):
        return [], {}
    raw = (path / "page.html").read_bytes()
    text = decoded(raw)
    kinds = ["all", truth["set"]]
    if truth.get("truth"):
        kinds += ["new"] + (["hard"] if truth["truth"] != "consensus" else [])
    scores = {}
    for name, peer in PEERS.items():
        try:
            scores[name] = f1(truth["body"], peer(raw, text)), False
        except ImportError:
            raise
        except Exception:  # a peer that fails on a page read nothing of it
            scores[name] = 0.0, True
    return kinds, scores


def main(folder):
    sums = collections.defaultdict(lambda: collections.defaultdict(list))
    broken = collections.Counter()
    with multiprocessing.Pool() as pool:
        scored = pool.map(score, sorted(pathlib.Path(folder).iterdir()), chunksize=8)
    for kinds, scores in scored:
        for name, (figure, failed) in scores.items():
            broken[name] += failed
            for kind in kinds:
                sums[name][kind].append(figure)
    for name, kinds in sums.items():
        lost = sum(v < 0.8 for v in kinds["all"]) / len(kinds["all"])
        figures = " ".join(f"{k} {sum(v) / len(v):.3f}" for k, v in sorted(kinds.items()))
        print(f"{name} (failed on {broken[name]}): {figures} lost {lost:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
