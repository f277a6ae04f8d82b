#!/usr/bin/env python3
"""Percolates a workload's documents in a real Elasticsearch 7.17.28 node.

    percolate.py WORKLOAD OUT [--node http://127.0.0.1:9200] [--seconds 15] [--heap 4g]

Without --node it builds the launcher of tests/support/search-node (Maven, a JDK of 17 to 23), starts a node of its own on a free
port and stops it at the end. Writes OUT.json (figures) and OUT.tsv (the matches: document number, tab, query ids).
"""

import argparse
import contextlib
import http.client
import json
import pathlib
import shutil
import socket
import subprocess
import time
import urllib.parse

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
LAUNCHER = REPOSITORY / "tests/support/search-node"
BUILD = REPOSITORY / "target/peers/elasticsearch-7"
BATCHES = (1, 2, 5, 10, 20, 50, 100)
INDEX = "peers-percolator"
STORED_A_REQUEST = 2_000
LEAST_DOCUMENTS = 24


def main():
    arguments = parse_arguments()
    queries = [json.loads(line) for line in open(arguments.workload / "queries.ndjson")]
    documents = [line.rstrip("\n") for line in open(arguments.workload / "documents.ndjson")]
    with node(arguments) as address:
        client = Client(address)
        started = time.monotonic()
        store(client, arguments.workload, queries)
        figures = {"peer": "Elasticsearch 7.17.28", "queries": len(queries), "load_s": round(time.monotonic() - started, 1)}
        try:
            figures |= measure(client, documents, arguments)
        finally:
            client.send("DELETE", f"/{INDEX}")
    arguments.out.with_suffix(".json").write_text(json.dumps(figures) + "\n")
    print(json.dumps(figures))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--node", help="address of a node that runs already")
    parser.add_argument("--seconds", type=float, default=15, help="for each batch size, about")
    parser.add_argument("--heap", default="4g")
    parser.add_argument("--java", default="/usr/lib/jvm/java-17-openjdk-amd64", type=pathlib.Path, help="home of a JDK, 17 to 23")
    return parser.parse_args()


def measure(client, documents, arguments):
    """The speed of each batch size, and the matches of the documents that were percolated one by one."""
    percolate_for(client, documents, 1, arguments.seconds / 2)  # The just-in-time compiler warms up.
    by_batch = {}
    for batch in BATCHES:
        rate, matches = percolate_for(client, documents, batch, arguments.seconds)
        by_batch[batch] = round(rate, 2)
        if batch == 1:
            write_matches(arguments.out.with_suffix(".tsv"), matches)
            one_by_one = matches
        for number, found in matches.items():
            if one_by_one.get(number, found) != found:
                raise SystemExit(f"document {number} has other matches in a batch of {batch} than alone")
    best = max(by_batch, key=by_batch.get)
    return {
        "documents": len(one_by_one),
        "docs_per_s": by_batch[1],
        "best_docs_per_s": by_batch[best],
        "best_is": f"batches of {best}",
        "by_batch": by_batch,
    }


def percolate_for(client, documents, batch, seconds):
    """Documents a second, and the matches of each document that was reached; a few of them even where that takes longer."""
    matches = {}
    done = 0
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < seconds or (done < LEAST_DOCUMENTS and elapsed < 4 * seconds):
        first = done % len(documents)
        slots = documents[first : first + batch]
        hits = percolate(client, slots)
        for slot in range(len(slots)):
            matches[first + slot] = hits[slot]
        done += len(slots)
    return done / (time.monotonic() - started), matches


def percolate(client, documents):
    """The ids of the queries that match each document. A filter: nobody asks for scores."""
    body = (
        '{"size": 10000, "_source": false, "track_total_hits": false, "query": {"constant_score": {"filter": {"percolate": '
        '{"field": "query", "documents": [' + ",".join(documents) + "]}}}}}"
    )
    answer = client.send("POST", f"/{INDEX}/_search", body)
    hits = answer["hits"]["hits"]
    if len(hits) == 10_000:
        raise SystemExit("more hits than one page holds: use smaller batches")
    found = [set() for _ in documents]
    for hit in hits:
        for slot in hit["fields"]["_percolator_document_slot"]:
            found[slot].add(hit["_id"])
    return found


def store(client, workload, queries):
    body = json.loads((workload / "mapping.json").read_text())
    body["mappings"]["properties"]["query"] = {"type": "percolator"}
    settings = body.setdefault("settings", {}).setdefault("index", {})
    settings |= {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}
    client.send("PUT", f"/{INDEX}", json.dumps(body))
    for first in range(0, len(queries), STORED_A_REQUEST):
        lines = []
        for query in queries[first : first + STORED_A_REQUEST]:
            lines += [json.dumps({"index": {"_id": query["id"]}}), json.dumps({"query": query["query"]})]
        answer = client.send("POST", f"/{INDEX}/_bulk", "\n".join(lines) + "\n")
        if answer["errors"]:
            refused = next(item["index"]["error"] for item in answer["items"] if "error" in item["index"])
            raise SystemExit(f"a query was refused: {refused}")
    client.send("POST", f"/{INDEX}/_forcemerge?max_num_segments=1")
    client.send("POST", f"/{INDEX}/_refresh")


class Client:
    """One connection, kept open."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=600)

    def send(self, method, path, body=None):
        kind = "application/x-ndjson" if path.endswith("_bulk") else "application/json"
        self.connection.request(method, path, body and body.encode(), {"content-type": kind})
        response = self.connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise SystemExit(f"{method} {path}: {response.status} {answer[:2000].decode()}")
        return json.loads(answer)


@contextlib.contextmanager
def node(arguments):
    if arguments.node:
        yield arguments.node
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    heap = [f"-Xms{arguments.heap}", f"-Xmx{arguments.heap}"]
    options = ["-Dlog4j2.disable.jmx=true", "-Djava.locale.providers=SPI,COMPAT"]
    command = [arguments.java / "bin/java", *heap, *options, "-cp", class_path(arguments.java), "SearchNode"]
    with open(BUILD / "node.log", "w") as log:
        process = subprocess.Popen([*command, BUILD / f"node-{port}", str(port)], stdin=subprocess.PIPE, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_ready(address, process)
        yield address
    finally:
        process.stdin.close()  # The node ends, and removes its folder.
        process.wait(60)


def wait_until_ready(address, process):
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit(f"the node ended: see {BUILD / 'node.log'}")
        with contextlib.suppress(OSError, http.client.HTTPException, SystemExit):
            Client(address).send("GET", "/_cluster/health?wait_for_status=yellow")
            return
        time.sleep(0.2)
    raise SystemExit(f"the node was not ready within two minutes: see {BUILD / 'node.log'}")


def class_path(java):
    """Compiles the launcher, once a checkout."""
    built = BUILD / "class-path.txt"
    if not built.exists():
        shutil.copytree(LAUNCHER / "elasticsearch-7", BUILD, dirs_exist_ok=True)
        shutil.copytree(LAUNCHER / "lifeline", BUILD / "src/main/java", dirs_exist_ok=True)
        maven = ["mvn", "-q", "-B", "compile", "dependency:build-classpath", "-Dmdep.outputFile=class-path.txt"]
        subprocess.run(maven, cwd=BUILD, check=True)
    return f"{BUILD / 'target/classes'}:{built.read_text().strip()}"


def write_matches(path, matches):
    with open(path, "w") as file:
        for number in sorted(matches):
            file.write(f"{number}\t{' '.join(sorted(matches[number]))}\n")


if __name__ == "__main__":
    main()
