#!/usr/bin/env python3
"""Checks that percolators agree on a workload's matches, and says how often its queries match.

    compare.py MATCHES MATCHES…      the first and each other have the same matches for the documents that both answered
    compare.py --selectivity MATCHES QUERIES.ndjson

MATCHES is the output of `tripline match` (NDJSON) or a peer's .tsv. Ends with exit code 1 and the first differences where two
disagree.
"""

import json
import pathlib
import sys
from collections import Counter

SHOWN = 10


def main():
    arguments = sys.argv[1:]
    if len(arguments) == 3 and arguments[0] == "--selectivity":
        print_selectivity(read(arguments[1]), sum(1 for _ in open(arguments[2])))
    elif len(arguments) >= 2:
        compare(arguments[0], arguments[1:])
    else:
        raise SystemExit(__doc__)


def read(path):
    """The ids of the queries that match, by the number of the document."""
    matches = {}
    for line in open(path):
        if pathlib.Path(path).suffix == ".tsv":
            document, _, ids = line.rstrip("\n").partition("\t")
            matches[int(document)] = set(ids.split())
        else:
            answer = json.loads(line)
            matches[answer["doc"]] = set(answer["matches"])
    return matches


def compare(first, others):
    expected = read(first)
    differ = False
    for path in others:
        found = read(path)
        shared = sorted(expected.keys() & found.keys())
        differences = [(document, expected[document] ^ found[document]) for document in shared]
        differences = [(document, ids) for document, ids in differences if ids]
        pairs = sum(len(found[document]) for document in shared)
        print(f"{path}: {len(shared)} documents, {pairs} matches, {len(differences)} documents with other matches than {first}")
        for document, ids in differences[:SHOWN]:
            only = {query: first if query in expected[document] else path for query in sorted(ids)[:SHOWN]}
            print(f"  document {document}: found only by {only}")
        differ |= bool(differences) or not shared
    sys.exit(1 if differ else 0)


def print_selectivity(matches, queries):
    documents = len(matches)
    counts = Counter(query for ids in matches.values() for query in ids)
    print(f"{queries} queries, {documents} documents, {sum(counts.values()) / documents:.2f} matches a document")
    limits = [(0.0, "no document"), (0.0001, "up to 0.01 %"), (0.001, "up to 0.1 %"), (0.01, "up to 1 %"), (0.05, "up to 5 %"), (1.0, "more")]
    classes = Counter()
    for count in counts.values():
        classes[next(name for limit, name in limits if count / documents <= limit)] += 1
    classes["no document"] = queries - len(counts)
    for _, name in limits:
        print(f"  {name:>14}: {classes[name]:>8} queries, {100 * classes[name] / queries:6.2f} %")


if __name__ == "__main__":
    main()
