import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.monitor.CustomQueryHandler;
import org.apache.lucene.monitor.MultipassTermFilteredPresearcher;
import org.apache.lucene.monitor.Presearcher;
import org.apache.lucene.monitor.RegexpQueryHandler;
import org.apache.lucene.monitor.TermFilteredPresearcher;
import org.apache.lucene.monitor.TermWeightor;

/** The presearchers that are tried, by how many sets of terms they file, by what a term weighs, and whether prefixes are filed too. */
enum Presearchers {
  TERMS(1, false, false),
  TERMS_BY_FREQUENCY(1, true, false),
  TERMS_BY_FREQUENCY_WITH_PREFIXES(1, true, true),
  MULTIPASS(3, false, false),
  MULTIPASS_BY_FREQUENCY(3, true, false),
  MULTIPASS_BY_FREQUENCY_WITH_PREFIXES(3, true, true);

  /** A term that is in every document of the sample weighs this much less than one that is in none. */
  private static final double MOST = 1;
  private static final double LEAST = 0.01;
  private static final int LONGEST_PREFIX = 40;

  private final int passes;
  private final boolean byFrequency;
  private final boolean withPrefixes;

  Presearchers(int passes, boolean byFrequency, boolean withPrefixes) {
    this.passes = passes;
    this.byFrequency = byFrequency;
    this.withPrefixes = withPrefixes;
  }

  String title() {
    return name().toLowerCase().replace('_', ' ');
  }

  /** Whether all is as the library has it unless told otherwise. */
  boolean isAsItComes() {
    return !byFrequency && !withPrefixes;
  }

  /** The handler of prefixes reads regular expressions. */
  boolean writesPrefixesAsRegexps() {
    return withPrefixes;
  }

  Presearcher make(Fields fields, List<Document> sample) throws IOException {
    TermWeightor weightor = byFrequency ? weighedBy(frequencies(fields, sample)) : TermWeightor.DEFAULT;
    List<CustomQueryHandler> handlers = List.of();
    if (withPrefixes) {
      Set<String> others = fields.namesWithoutPrefixQueries();
      handlers = List.of(new RegexpQueryHandler("XX", LONGEST_PREFIX, "__wildcard__", others));
    }
    return passes == 1
        ? new TermFilteredPresearcher(weightor, handlers, Set.of())
        : new MultipassTermFilteredPresearcher(passes, 0, weightor, handlers, Set.of());
  }

  private static TermWeightor weighedBy(Map<String, Integer> frequencies) {
    return term -> {
      Integer frequency = frequencies.get(term.field() + '\0' + term.text());
      return frequency == null ? MOST : Math.max(LEAST, MOST / (1 + frequency));
    };
  }

  private static Map<String, Integer> frequencies(Fields fields, List<Document> sample) throws IOException {
    Map<String, Integer> frequencies = new HashMap<>();
    for (Document document : sample) {
      for (IndexableField field : document) {
        if (field.stringValue() != null) {
          for (String term : fields.terms(field)) {
            frequencies.merge(field.name() + '\0' + term, 1, Integer::sum);
          }
        }
      }
    }
    return frequencies;
  }
}
