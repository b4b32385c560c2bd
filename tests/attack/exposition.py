"""exposition.py - a strict reader of Prometheus' text format 0.0.4, written from its description: what it takes, every
scraper takes. read(text) gives {metric: (type, [(name, labels, value)])} or raises ValueError with the line."""
import math
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)\Z")
PAIR = re.compile(rf'({LABEL})="((?:[^"\\]|\\[\\"n])*)"')
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}


def read_labels(text):
    labels, at = {}, 0
    while at < len(text):
        found = PAIR.match(text, at)
        if not found:
            raise ValueError(f"labels: {text[at:]}")
        if found[1] in labels or found[1].startswith("__"):
            raise ValueError(f"label {found[1]}")
        labels[found[1]] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], found[2])
        at = found.end()
        if at < len(text):
            if text[at] != "," or at + 1 == len(text):
                raise ValueError(f"between labels: {text[at:]}")
            at += 1
    return labels


def read_value(text):
    if text in ("NaN", "+Inf", "-Inf"):
        return float(text)
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        raise ValueError(f"value {text}")
    return float(text)


def check_histogram(name, samples):
    series = {}
    for sample, labels, value in samples:
        rest = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
        series.setdefault(rest, {}).setdefault(sample[len(name):], []).append((labels.get("le"), value))
    for rest, parts in series.items():
        if set(parts) != {"_bucket", "_sum", "_count"}:
            raise ValueError(f"{name}{rest}: {sorted(parts)}")
        bounds = [float(le) for le, _ in parts["_bucket"]]
        counts = [value for _, value in parts["_bucket"]]
        if bounds != sorted(set(bounds)) or not math.isinf(bounds[-1]):
            raise ValueError(f"{name}: bounds {bounds}")
        if counts != sorted(counts) or counts[-1] != parts["_count"][0][1]:
            raise ValueError(f"{name}: counts {counts} of {parts['_count']}")


def read(text):
    if not text.endswith("\n") or "\r" in text:
        raise ValueError("the last line must end, and lines end with LF")
    metrics, current, helped, seen = {}, None, set(), set()
    for line in text[:-1].split("\n"):
        if line.startswith("# "):
            _, word, name, rest = line.split(" ", 3)
            if word == "HELP":
                if name in helped or not re.fullmatch(NAME, name) or re.search(r"\\[^\\n]", rest):
                    raise ValueError(line)
                helped.add(name)
                current = name
            elif word == "TYPE":
                if name in metrics or rest not in TYPES or name != current:
                    raise ValueError(line)
                metrics[name] = (rest, [])
            continue
        found = SAMPLE.match(line)
        if not found or current not in metrics:
            raise ValueError(line)
        kind, samples = metrics[current]
        if found[1] not in [current + s for s in SUFFIXES.get(kind, ("",))]:
            raise ValueError(f"{line}: not of {current}, which is a {kind}")
        labels, value = read_labels(found[2] or ""), read_value(found[3])
        if found[2] == "":
            raise ValueError(f"{line}: no labels in braces")
        key = (found[1], tuple(sorted(labels.items())))
        if key in seen:
            raise ValueError(f"{line}: twice")
        seen.add(key)
        if kind == "counter" and not value >= 0:
            raise ValueError(f"{line}: a counter below zero")
        samples.append((found[1], labels, value))
    for name, (kind, samples) in metrics.items():
        if len({tuple(sorted(set(labels) - {"le"})) for _, labels, _ in samples}) > 1:
            raise ValueError(f"{name}: not the same labels everywhere")
        if kind == "histogram":
            check_histogram(name, samples)
        if kind == "counter" and not name.endswith("_total"):
            raise ValueError(f"{name}: a counter ends with _total")
    return metrics
