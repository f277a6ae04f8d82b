import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.lucene.document.Document;
import org.apache.lucene.monitor.Monitor;
import org.apache.lucene.monitor.MonitorQuery;
import org.apache.lucene.monitor.MultiMatchingQueries;
import org.apache.lucene.monitor.QueryMatch;

/**
 * Percolates a flat workload's documents with Lucene's Monitor: MonitorPeer WORKLOAD OUT [SECONDS]. Measures every presearcher of
 * {@link Presearchers}, each with batches of several sizes, from the documents' bytes to the ids of the queries that match. Writes
 * OUT.json (figures) and OUT.tsv (the matches: document number, tab, query ids).
 */
public final class MonitorPeer {
  private static final int[] BATCHES = {1, 2, 5, 10, 20, 50, 100};
  private static final int REGISTERED_AT_ONCE = 5_000;
  /** So many documents show the presearchers which terms are frequent. */
  private static final int SAMPLE = 200;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Fields fields;
  private final List<byte[]> documents = new ArrayList<>();
  private final double seconds;

  private MonitorPeer(Path workload, double seconds) throws IOException {
    this.fields = new Fields(JSON.readTree(workload.resolve("mapping.json").toFile()));
    this.seconds = seconds;
    for (String line : Files.readAllLines(workload.resolve("documents.ndjson"))) {
      documents.add(line.getBytes("UTF-8"));
    }
  }

  public static void main(String[] arguments) throws IOException {
    Path workload = Path.of(arguments[0]);
    MonitorPeer peer = new MonitorPeer(workload, arguments.length > 2 ? Double.parseDouble(arguments[2]) : 5);
    peer.run(workload, arguments[1]);
  }

  private void run(Path workload, String out) throws IOException {
    List<JsonNode> stored = new ArrayList<>();
    for (String line : Files.readAllLines(workload.resolve("queries.ndjson"))) {
      stored.add(JSON.readTree(line));
    }
    stored.forEach(query -> fields.noteAsked(query.get("query")));
    List<Document> sample = new ArrayList<>();
    for (byte[] document : documents.subList(documents.size() - Math.min(SAMPLE, documents.size()), documents.size())) {
      sample.add(read(document));
    }

    Map<Presearchers, Map<Integer, Double>> rates = new LinkedHashMap<>();
    Map<Integer, Set<String>> matches = null;
    double load = 0;
    for (Presearchers presearcher : Presearchers.values()) {
      long started = System.nanoTime();
      try (Monitor monitor = new Monitor(fields.analyzer(), presearcher.make(fields, sample))) {
        register(monitor, stored, presearcher.writesPrefixesAsRegexps());
        load = secondsSince(started);
        Map<Integer, Set<String>> found = measure(monitor, rates.computeIfAbsent(presearcher, key -> new LinkedHashMap<>()));
        agree(presearcher.title(), matches == null ? found : matches, found);
        matches = found;
      }
      System.err.println(presearcher.title() + " loaded in " + load + " s, documents/s by batch: " + rates.get(presearcher));
    }
    writeFigures(Path.of(out + ".json"), stored.size(), matches.size(), load, rates);
    writeMatches(Path.of(out + ".tsv"), matches);
  }

  private void register(Monitor monitor, List<JsonNode> stored, boolean prefixesAsRegexps) throws IOException {
    QueryTranslator translator = new QueryTranslator(fields, prefixesAsRegexps);
    List<MonitorQuery> batch = new ArrayList<>();
    for (JsonNode query : stored) {
      batch.add(new MonitorQuery(query.get("id").asText(), translator.translate(query.get("query"))));
      if (batch.size() == REGISTERED_AT_ONCE) {
        monitor.register(batch);
        batch.clear();
      }
    }
    monitor.register(batch);
  }

  /** Fills in documents a second by batch size; gives the matches of the documents that were matched one by one. */
  private Map<Integer, Set<String>> measure(Monitor monitor, Map<Integer, Double> rates) throws IOException {
    Map<Integer, Set<String>> matches = null;
    match(monitor, 1, new LinkedHashMap<>()); // The just-in-time compiler warms up.
    for (int batch : BATCHES) {
      Map<Integer, Set<String>> found = new LinkedHashMap<>();
      double rate = match(monitor, batch, found);
      rates.put(batch, Math.round(rate * 10) / 10.0);
      agree("a batch of " + batch, matches == null ? found : matches, found);
      matches = matches == null ? found : matches;
    }
    return matches;
  }

  private double match(Monitor monitor, int batch, Map<Integer, Set<String>> found) throws IOException {
    long started = System.nanoTime();
    int done = 0;
    while (secondsSince(started) < seconds) {
      int first = done % documents.size();
      int size = Math.min(batch, documents.size() - first);
      Document[] read = new Document[size];
      for (int slot = 0; slot < size; slot++) {
        read[slot] = read(documents.get(first + slot));
      }
      MultiMatchingQueries<QueryMatch> answer = monitor.match(read, QueryMatch.SIMPLE_MATCHER);
      for (int slot = 0; slot < size; slot++) {
        Set<String> ids = new TreeSet<>();
        answer.getMatches(slot).forEach(match -> ids.add(match.getQueryId()));
        found.put(first + slot, ids);
      }
      done += size;
    }
    return done / secondsSince(started);
  }

  private Document read(byte[] document) throws IOException {
    return fields.document(JSON.readTree(document));
  }

  private static void agree(String what, Map<Integer, Set<String>> expected, Map<Integer, Set<String>> found) {
    found.forEach((document, ids) -> {
      if (!expected.getOrDefault(document, ids).equals(ids)) {
        throw new IllegalStateException(what + " gives other matches for document " + document);
      }
    });
  }

  private static double secondsSince(long started) {
    return (System.nanoTime() - started) / 1e9;
  }

  private static void writeFigures(Path path, int queries, int matched, double load, Map<Presearchers, Map<Integer, Double>> rates)
      throws IOException {
    ObjectNode figures = JSON.createObjectNode();
    figures.put("peer", "Lucene Monitor " + org.apache.lucene.util.Version.LATEST);
    figures.put("queries", queries).put("documents", matched).put("load_s", Math.round(load * 10) / 10.0);
    figures.set("as_it_comes", best(rates, true));
    figures.set("tuned", best(rates, false));
    ObjectNode byPresearcher = figures.putObject("by_presearcher");
    rates.forEach((presearcher, byBatch) -> byPresearcher.set(presearcher.title(), JSON.valueToTree(byBatch)));
    Files.writeString(path, figures + "\n");
    System.out.println(figures);
  }

  /** The best of the presearchers with the library's defaults, or of those with more. */
  private static ObjectNode best(Map<Presearchers, Map<Integer, Double>> rates, boolean asItComes) {
    double single = 0;
    double best = 0;
    String bestIs = "";
    for (var presearcher : rates.entrySet()) {
      for (var rate : presearcher.getValue().entrySet()) {
        if (presearcher.getKey().isAsItComes() != asItComes) {
          continue;
        }
        single = rate.getKey() == 1 ? Math.max(single, rate.getValue()) : single;
        if (rate.getValue() > best) {
          best = rate.getValue();
          bestIs = presearcher.getKey().title() + ", batches of " + rate.getKey();
        }
      }
    }
    return JSON.createObjectNode().put("docs_per_s", single).put("best_docs_per_s", best).put("best_is", bestIs);
  }

  private static void writeMatches(Path path, Map<Integer, Set<String>> matches) throws IOException {
    try (PrintWriter file = new PrintWriter(Files.newBufferedWriter(path))) {
      matches.forEach((document, ids) -> file.println(document + "\t" + String.join(" ", ids)));
    }
  }
}
