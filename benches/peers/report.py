#!/usr/bin/env python3
"""Puts the figures of a run into tables: report.py OUT prints Markdown, and writes OUT/scale.csv for plot.py."""

import csv
import json
import pathlib
import re
import sys

SCALE = ("data_set", "subscriptions", "us_per_doc", "floor_us_per_doc", "matches_per_document", "bytes_per_subscription", "load_s")


def main():
    out = pathlib.Path(sys.argv[1])
    scale = read_scale(out)
    with open(out / "scale.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, SCALE, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(scale)
    print_scale(scale)
    print_peers(out)
    print_million(out, scale)
    for name in ("selectivity.txt", "agreement.txt", "skipped.txt", "machine.txt"):
        if (out / name).exists():
            print(f"\n{name}:\n\n```\n{(out / name).read_text().rstrip()}\n```")


def read(path):
    return json.loads(path.read_text()) if path.exists() else None


def read_scale(out):
    rows = []
    for path in out.glob("*.json"):
        named = re.fullmatch(r"(profiles|resumes)-(\d+)", path.stem)
        if named:
            figures = read(path)
            floor = round(1e6 / figures["floor_docs_per_s"], 1)
            rows.append(figures | {"data_set": named[1], "floor_us_per_doc": floor})
    return sorted(rows, key=lambda row: (row["data_set"], row["subscriptions"]))


def print_scale(scale):
    print("| data set | subscriptions | documents/s | µs | p99 µs | matches | floor, documents/s | of the floor | two threads | floor's |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in scale:
        print(
            f"| {row['data_set']} | {row['subscriptions']:,} | {row['docs_per_s']:,.0f} | {row['us_per_doc']} | {row['p99_us']} "
            f"| {row['matches_per_document']} | {row['floor_docs_per_s']:,.0f} | {row['of_floor']:.0%} "
            f"| ×{row['two_threads']} | ×{row['floor_two_threads']} |"
        )
    for data_set in sorted({row["data_set"] for row in scale}):
        rows = [row for row in scale if row["data_set"] == data_set]
        least, most = rows[0], rows[-1]
        ratio = most["us_per_doc"] / least["us_per_doc"]
        print(f"\n{data_set}: {most['subscriptions']:,} subscriptions take {ratio:.2f} times the time of {least['subscriptions']:,}.")


def print_peers(out):
    elasticsearch = read(out / "elasticsearch.json")
    monitor = read(out / "lucene-monitor.json")
    mokaccino = read(out / "mokaccino/mokaccino.json")
    print("\n| percolator | queries | kinds | one by one, documents/s | its best | Tripline | ratio | to its best |")
    print("| --- | ---: | --- | ---: | --- | ---: | ---: | ---: |")
    if elasticsearch:
        print_peer(elasticsearch, "all", read(out / f"profiles-{elasticsearch['queries']}.json"))
    if monitor:
        tripline = read(out / f"flat-{monitor['queries']}.json")
        print_peer(monitor | monitor["as_it_comes"], "flat", tripline)
        print_peer(monitor | monitor["tuned"] | {"peer": monitor["peer"] + ", tuned"}, "flat", tripline)
    if mokaccino:
        kinds = f"flat, the {mokaccino['of_all_queries']:.0%} that it can express"
        print_peer(mokaccino, kinds, read(out / "mokaccino/tripline.json"))


def print_peer(peer, kinds, tripline):
    ours = tripline["docs_per_s"]
    print(
        f"| {peer['peer']} | {peer['queries']:,} | {kinds} | {peer['docs_per_s']:,} | {peer['best_docs_per_s']:,} ({peer['best_is']}) "
        f"| {ours:,.0f} | ×{ours / peer['docs_per_s']:,.1f} | ×{ours / peer['best_docs_per_s']:,.1f} |"
    )


def print_million(out, scale):
    most = max(row["subscriptions"] for row in scale)
    load, none, start = (read(out / f"{name}.json") for name in (f"load-{most}", "load-0", f"start-{most}"))
    if not (load and none and start):
        return
    held = (load["rss_mb"] - none["rss_mb"]) * 1024 * 1024 / load["subscriptions"]
    print(f"\n{most:,} subscriptions: loaded from NDJSON in {load['load_s']:.1f} s, {held:,.0f} bytes of memory each;")
    print(f"`tripline serve` started from its store in {start['start_s']} s and held {start['rss_mb']:,} MB.")


if __name__ == "__main__":
    main()
