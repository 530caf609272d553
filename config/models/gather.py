"""Writes the posts that `labels.tsv` has labels for, in the form of `domain/posts-train.jsonl`.

    python3 gather.py ../../../shared/data OUT

`labels.tsv` holds an id, polarity (N, 0, P), kind and urgency of further public posts that were read by the guide of `domain/README.md`; it holds no
text. Texts are taken from the shared folder: pages by their folder (`page-SLUG`), items of live feeds by their place (`feed-NAME-NUMBER`), and
`domain/posts-unlabelled.jsonl`. OUT becomes a folder that `guanlan train` learns from: `domain/` with the sets as links, and `posts-train-3.jsonl`.
"""

import html
import json
import os
import re
import sys
from pathlib import Path

POLARITY = {"N": "negative", "0": "neutral", "P": "positive"}
TITLE_CHARS, TEXT_CHARS = 80, 330


def cut(text, most):
    """Blanks folded to one; cut as the readers had it."""
    text = re.sub(r"\s+", " ", text or "").strip()
    return text if len(text) <= most else text[:most] + "…"


def of_page(data, slug):
    page = json.loads((data / "pages" / slug / "expected.json").read_text(encoding="utf-8"))
    return page.get("title"), page.get("body") or page.get("text")


def of_feed(data, name, number, known={}):
    if name not in known:
        known[name] = json.loads((data / "streams" / f"{name}.json").read_text(encoding="utf-8"))["items"]
    item = known[name][number]
    body = item.get("content_text") or re.sub(r"<[^>]+>", " ", item.get("content_html") or item.get("summary") or "")
    return item.get("title"), html.unescape(body)


def gathered(data):
    """Every post that has a label and whose text is there."""
    with open(data / "domain" / "posts-unlabelled.jsonl", encoding="utf-8") as lines:
        unlabelled = {post["id"]: post for post in map(json.loads, lines)}
    for line in (Path(__file__).parent / "labels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        id, polarity, kind, urgency = line.split("\t")
        if id.startswith("page-"):
            title, text = of_page(data, id.removeprefix("page-"))
        elif id.startswith("feed-"):
            name, number = id.removeprefix("feed-").rsplit("-", 1)
            title, text = of_feed(data, name, int(number))
        else:
            title, text = unlabelled[id]["title"], unlabelled[id]["text"]
        yield {"id": id, "title": cut(title, TITLE_CHARS), "text": cut(text, TEXT_CHARS), "polarity": POLARITY[polarity],
               "kind": kind, "urgency": int(urgency), "picked": "read"}


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    data, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2]) / "domain"
    out.mkdir(parents=True, exist_ok=True)
    for path in (data / "domain").iterdir():
        if not (out / path.name).exists():
            os.symlink(path, out / path.name)
    with open(out / "posts-train-3.jsonl", "w", encoding="utf-8") as file:
        count = 0
        for post in gathered(data):
            file.write(json.dumps(post, ensure_ascii=False) + "\n")
            count += 1
    print(f"{count} posts")


if __name__ == "__main__":
    main()
