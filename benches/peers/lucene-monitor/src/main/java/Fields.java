import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.DelegatingAnalyzerWrapper;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.IndexableField;

/** The fields of a flat mapping: how they are indexed, and which of them any query asks for; only those are indexed. */
final class Fields {
  enum Kind { TEXT, KEYWORD, NUMBER }

  private record Mapped(Kind kind, List<String> subFields) {
  }

  /** As Elasticsearch's standard analyzer: no stop words; values of an array stand 100 positions apart. */
  private final Analyzer analyzer = new DelegatingAnalyzerWrapper(Analyzer.PER_FIELD_REUSE_STRATEGY) {
    private final Analyzer standard = new StandardAnalyzer(CharArraySet.EMPTY_SET);

    @Override
    protected Analyzer getWrappedAnalyzer(String field) {
      return standard;
    }

    @Override
    public int getPositionIncrementGap(String field) {
      return 100;
    }
  };
  private final Map<String, Mapped> byName = new HashMap<>();
  private final Set<String> asked = new HashSet<>();
  private final Set<String> askedByPrefix = new HashSet<>();

  Fields(JsonNode body) {
    add("", body.get("mappings").get("properties"));
  }

  private void add(String path, JsonNode properties) {
    properties.properties().forEach(property -> {
      String name = path + property.getKey();
      JsonNode field = property.getValue();
      if (field.has("properties")) {
        add(name + ".", field.get("properties"));
        return;
      }
      List<String> subFields = new ArrayList<>();
      if (field.has("fields")) {
        field.get("fields").properties().forEach(sub -> {
          subFields.add(name + "." + sub.getKey());
          byName.put(name + "." + sub.getKey(), new Mapped(kind(sub.getValue()), List.of()));
        });
      }
      byName.put(name, new Mapped(kind(field), subFields));
    });
  }

  private static Kind kind(JsonNode field) {
    return switch (field.get("type").asText()) {
      case "text" -> Kind.TEXT;
      case "long", "integer", "short", "byte" -> Kind.NUMBER;
      default -> Kind.KEYWORD;
    };
  }

  Kind kind(String name) {
    return byName.get(name).kind();
  }

  Analyzer analyzer() {
    return analyzer;
  }

  /** Every object key that is a field's name is a field that is asked for. */
  void noteAsked(JsonNode query) {
    query.properties().forEach(entry -> {
      if (byName.containsKey(entry.getKey())) {
        asked.add(entry.getKey());
      }
      if (entry.getKey().equals("prefix")) {
        entry.getValue().fieldNames().forEachRemaining(askedByPrefix::add);
      }
    });
    query.forEach(this::noteAsked);
  }

  Set<String> namesWithoutPrefixQueries() {
    Set<String> names = new HashSet<>(byName.keySet());
    names.removeAll(askedByPrefix);
    return names;
  }

  Document document(JsonNode json) {
    Document document = new Document();
    read("", json, document);
    return document;
  }

  private void read(String name, JsonNode json, Document document) {
    if (json.isObject()) {
      json.properties().forEach(entry -> read(name.isEmpty() ? entry.getKey() : name + "." + entry.getKey(), entry.getValue(), document));
    } else if (json.isArray()) {
      json.forEach(value -> read(name, value, document));
    } else if (!json.isNull()) {
      addValue(name, json, document);
    }
  }

  private void addValue(String name, JsonNode value, Document document) {
    Mapped field = byName.get(name);
    if (field == null) {
      return;
    }
    if (asked.contains(name)) {
      switch (field.kind()) {
        case TEXT -> document.add(new TextField(name, value.asText(), Field.Store.NO));
        case KEYWORD -> document.add(new StringField(name, value.asText(), Field.Store.NO));
        case NUMBER -> {
          // A point for ranges; a term too, for the Monitor selects queries by terms and not by points.
          document.add(new LongPoint(name, value.asLong()));
          document.add(new StringField(name, value.asText(), Field.Store.NO));
        }
      }
    }
    field.subFields().forEach(subField -> addValue(subField, value, document));
  }

  /** The terms of a value, without repeats. */
  Set<String> terms(IndexableField field) throws IOException {
    return kind(field.name()) == Kind.TEXT ? new HashSet<>(words(field.name(), field.stringValue())) : Set.of(field.stringValue());
  }

  /** The words of a text, in order; the standard analyzer leaves no gaps. */
  List<String> words(String field, String text) {
    List<String> words = new ArrayList<>();
    try (TokenStream tokens = analyzer.tokenStream(field, text)) {
      CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        words.add(term.toString());
      }
      tokens.end();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return words;
  }
}
