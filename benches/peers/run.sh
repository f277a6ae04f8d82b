#!/usr/bin/env bash
# Runs every comparison of docs/performance.md that this machine has the tools for, in under half an hour on two cores:
#   benches/peers/run.sh [OUT]        OUT is target/peers/run unless given
# QUERIES=10000 SIZES="1000 10000" RESUMES=10000 SECONDS_EACH=2 makes a quick one. Ends with a table in OUT/report.md, the scaling in
# OUT/scale.csv and OUT/scale.svg, and exit code 1 if any two percolators disagree on a match.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-target/peers/run}
queries=${QUERIES:-100000}                       # stored when percolators are compared
sizes=${SIZES:-10000 30000 100000 300000 1000000} # stored when Tripline is compared with itself
resumes=${RESUMES-10000 100000 1000000}         # the same on the data set that nothing is tuned on
documents=${DOCUMENTS:-2000}
matches=${MATCHES:-15}                           # about so many queries match a document, however many are stored
seconds=${SECONDS_EACH:-15}                      # a batch size of Elasticsearch; a third of it for Lucene's Monitor
seed=${SEED:-11}                                 # `cargo bench --bench percolator` has 1
peers=benches/peers
largest=$(tr ' ' '\n' <<<"$sizes" | sort -n | tail -1)
status=0

step() { printf '\n== %s\n' "$*" >&2; }
skip() { printf 'skipped: %s\n' "$*" | tee -a "$out/skipped.txt" >&2; }
has() { command -v "$1" >/dev/null; }
# The newest Java development kit of a version between $1 and $2.
java_home() {
  for home in "${JAVA_HOME:-}" "${MODERN_JAVA_HOME:-}" /usr/lib/jvm/* /opt/java/* "$HOME"/.sdkman/candidates/java/*; do
    [ -n "$home" ] && [ -x "$home/bin/javac" ] || continue
    version=$("$home/bin/javac" -version 2>&1 | sed 's/javac \([0-9]*\).*/\1/')
    [ "$version" -ge "$1" ] && [ "$version" -le "$2" ] && echo "$home" && return
  done
  return 1
}
workload() { target/release/examples/workload --seed "$seed" --documents "$documents" --matches "$matches" "$@"; }
measure() { target/release/examples/measure "$@"; }
matches() { # folder: what `tripline match` answers, in matches.ndjson; its figures on standard output
  target/release/tripline match --stats --mapping "$1/mapping.json" --subscriptions "$1/queries.ndjson" "$1/documents.ndjson" \
    2>&1 >"$1/matches.ndjson" | tail -1
}
compare() { python3 $peers/compare.py "$@" | tee -a "$out/agreement.txt" >&2 || status=1; }

rm -rf "$out" && mkdir -p "$out"
has python3 || { echo "python3 is needed" >&2; exit 2; }
{ nproc; grep -m1 'model name' /proc/cpuinfo; rustc --version; } >"$out/machine.txt" 2>/dev/null || true
step "building Tripline"
cargo build --release --bin tripline --example workload --example measure

step "Tripline against itself"
for size in $sizes; do
  workload --queries "$size" --out "$out/profiles-$size"
  measure throughput "$out/profiles-$size" | tee "$out/profiles-$size.json"
done
for size in $resumes; do
  workload --dataset resumes --queries "$size" --out "$out/resumes-$size"
  measure throughput "$out/resumes-$size" | tee "$out/resumes-$size.json"
done

step "$largest subscriptions: loaded from NDJSON, and started from the store"
matches "$out/profiles-$largest" | tee "$out/load-$largest.json"
mkdir -p "$out/none" && cp "$out/profiles-$largest"/{mapping.json,documents.ndjson} "$out/none" && : >"$out/none/queries.ndjson"
matches "$out/none" | tee "$out/load-0.json"
measure start "$out/profiles-$largest" | tee "$out/start-$largest.json"

step "how often the queries match"
all=$out/profiles-$queries
[ -d "$all" ] || workload --queries "$queries" --out "$all"
[ -f "$all.json" ] || measure throughput "$all" >"$all.json"
matches "$all" >/dev/null
python3 $peers/compare.py --selectivity "$all/matches.ndjson" "$all/queries.ndjson" | tee "$out/selectivity.txt" >&2

step "Elasticsearch's percolator"
if java=$(java_home 17 23) && has mvn; then
  python3 $peers/elasticsearch/percolate.py "$all" "$out/elasticsearch" --java "$java" --seconds "$seconds"
  compare "$all/matches.ndjson" "$out/elasticsearch.tsv"
else
  skip "Elasticsearch: no Maven, or no Java development kit of version 17 to 23"
fi

flat=$out/flat-$queries
workload --flat --queries "$queries" --out "$flat"
measure throughput "$flat" | tee "$flat.json"
matches "$flat" >/dev/null

step "Lucene's Monitor"
if java=$(java_home 21 99) && has mvn; then
  monitor=$peers/lucene-monitor
  (cd $monitor && JAVA_HOME=$java mvn -q -B compile dependency:build-classpath -Dmdep.outputFile=target/class-path.txt >&2)
  "$java/bin/java" -Xmx6g --add-modules jdk.incubator.vector -cp "$monitor/target/classes:$(cat $monitor/target/class-path.txt)" \
    MonitorPeer "$flat" "$out/lucene-monitor" "$((seconds / 3 + 1))"
  compare "$flat/matches.ndjson" "$out/lucene-monitor.tsv"
else
  skip "Lucene's Monitor: no Maven, or no Java development kit of version 21 or newer"
fi

step "mokaccino, on the queries that it can express"
if cargo build -q --release --manifest-path $peers/mokaccino/Cargo.toml --target-dir target/peers/mokaccino; then
  target/peers/mokaccino/release/mokaccino-peer "$flat" "$out/mokaccino"
  measure throughput "$out/mokaccino" | tee "$out/mokaccino/tripline.json"
  matches "$out/mokaccino" >/dev/null
  compare "$out/mokaccino/matches.ndjson" "$out/mokaccino/mokaccino.tsv"
else
  skip "mokaccino: it could not be built"
fi

step "report"
python3 $peers/report.py "$out" | tee "$out/report.md"
python3 $peers/plot.py "$out/scale.csv" "$out/scale.svg"
exit "$status"
