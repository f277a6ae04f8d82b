import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.RegexpQuery;
import org.apache.lucene.search.TermQuery;

/** Translates the kinds of query of flat workloads from Elasticsearch's DSL, so that the Monitor can select them as well as it can. */
final class QueryTranslator {
  private final Fields fields;
  private final boolean prefixesAsRegexps;

  QueryTranslator(Fields fields, boolean prefixesAsRegexps) {
    this.fields = fields;
    this.prefixesAsRegexps = prefixesAsRegexps;
  }

  Query translate(JsonNode query) {
    Map.Entry<String, JsonNode> kind = only(query);
    if (kind.getKey().equals("bool")) {
      return bool(kind.getValue());
    }
    Map.Entry<String, JsonNode> clause = only(kind.getValue());
    String field = clause.getKey();
    JsonNode body = clause.getValue();
    return switch (kind.getKey()) {
      case "term" -> term(field, body.isObject() ? body.get("value") : body);
      case "terms" -> {
        BooleanQuery.Builder any = new BooleanQuery.Builder();
        body.forEach(value -> any.add(term(field, value), Occur.SHOULD));
        yield any.build();
      }
      case "prefix" -> prefix(field, (body.isObject() ? body.get("value") : body).asText());
      case "match" -> match(field, body);
      case "match_phrase" -> phrase(field, fields.words(field, (body.isObject() ? body.get("query") : body).asText()));
      case "range" -> range(field, body);
      default -> throw new IllegalArgumentException("no flat kind of query: " + kind.getKey());
    };
  }

  private static Query term(String field, JsonNode value) {
    return new TermQuery(new Term(field, value.asText()));
  }

  private Query prefix(String field, String prefix) {
    if (!prefixesAsRegexps) {
      return new PrefixQuery(new Term(field, prefix));
    }
    String escaped = prefix.replaceAll("[^\\p{L}\\p{N} ]", "\\\\$0");
    return new RegexpQuery(new Term(field, escaped + ".*"));
  }

  private Query match(String field, JsonNode body) {
    String text = (body.isObject() ? body.get("query") : body).asText();
    List<String> words = fields.kind(field) == Fields.Kind.TEXT ? fields.words(field, text) : List.of(text);
    if (words.size() == 1) {
      return new TermQuery(new Term(field, words.get(0)));
    }
    Occur occur = body.path("operator").asText("or").equals("and") ? Occur.MUST : Occur.SHOULD;
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    words.forEach(word -> query.add(new TermQuery(new Term(field, word)), occur));
    return query.build();
  }

  private static Query phrase(String field, List<String> words) {
    return words.size() == 1 ? new TermQuery(new Term(field, words.get(0))) : new PhraseQuery(field, words.toArray(new String[0]));
  }

  private static Query range(String field, JsonNode body) {
    long least = Long.MIN_VALUE;
    long most = Long.MAX_VALUE;
    for (Map.Entry<String, JsonNode> bound : body.properties()) {
      long value = bound.getValue().asLong();
      switch (bound.getKey()) {
        case "gte" -> least = value;
        case "gt" -> least = value + 1;
        case "lte" -> most = value;
        case "lt" -> most = value - 1;
        default -> throw new IllegalArgumentException("no bound: " + bound.getKey());
      }
    }
    return LongPoint.newRangeQuery(field, least, most);
  }

  private Query bool(JsonNode body) {
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    boolean isRequired = body.has("must") || body.has("filter");
    each(body.path("must"), clause -> query.add(clause, Occur.MUST));
    each(body.path("filter"), clause -> query.add(clause, Occur.FILTER));
    if (!isRequired || body.has("minimum_should_match")) {
      each(body.path("should"), clause -> query.add(clause, Occur.SHOULD));
      query.setMinimumNumberShouldMatch(body.path("minimum_should_match").asInt(body.has("should") ? 1 : 0));
    }
    each(body.path("must_not"), clause -> query.add(clause, Occur.MUST_NOT));
    if (!isRequired && !body.has("should")) {
      query.add(new MatchAllDocsQuery(), Occur.MUST);
    }
    return query.build();
  }

  private void each(JsonNode clauses, java.util.function.Consumer<Query> use) {
    if (clauses.isArray()) {
      clauses.forEach(clause -> use.accept(translate(clause)));
    } else if (clauses.isObject()) {
      use.accept(translate(clauses));
    }
  }

  private static Map.Entry<String, JsonNode> only(JsonNode object) {
    return object.properties().iterator().next();
  }
}
