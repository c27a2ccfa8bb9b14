package io.stoker.data.source;

import com.univocity.parsers.common.TextParsingException;
import com.univocity.parsers.csv.CsvParser;
import com.univocity.parsers.csv.CsvParserSettings;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A CSV file that lists images: a header with the columns {@code path} and {@code label}, and
 * perhaps {@code split}; other columns are passed over. A path is relative to the file's folder, or
 * a whole URI. Classes are the labels that occur, in the order of numbers if all are numbers, else
 * in that of the alphabet.
 */
public final class CsvSource implements ImageSource {
  private static final int FILES_PER_PART = 64;
  private static final int LONGEST_FIELD = 1 << 16;

  private record Row(String path, String label) {}

  @Override
  public String name() {
    return "csv";
  }

  @Override
  public int defaultChannels() {
    return 3;
  }

  @Override
  public SourceListing list(Path input, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(input, hadoop);
    Path file = Inputs.file(fileSystem, input);
    Map<Optional<String>, List<Row>> rows = new TreeMap<>(Comparator.comparing(s -> s.orElse("")));
    try (FSDataInputStream in = fileSystem.open(file)) {
      CsvParser parser = new CsvParser(settings());
      parser.beginParsing(in, StandardCharsets.UTF_8);
      read(parser, file, rows);
    } catch (TextParsingException e) {
      throw new InputException(
          "Cannot read %s: line %d is no CSV".formatted(file, e.getLineIndex() + 1), e);
    }
    Check.input(!rows.isEmpty(), "Cannot read %s: it lists no images", file);
    checkTrained(rows, file);
    List<String> classNames = classNames(rows);
    List<SourcePart> parts = new ArrayList<>();
    rows.forEach((split, ofSplit) -> addParts(parts, file.getParent(), split, ofSplit, classNames));
    return new SourceListing(classNames, parts, List.of());
  }

  private static CsvParserSettings settings() {
    CsvParserSettings settings = new CsvParserSettings();
    settings.setLineSeparatorDetectionEnabled(true);
    settings.setMaxCharsPerColumn(LONGEST_FIELD);
    settings.setNullValue("");
    settings.setEmptyValue("");
    return settings;
  }

  private static void read(CsvParser parser, Path file, Map<Optional<String>, List<Row>> rows) {
    String[] header = parser.parseNext();
    List<String> columns =
        header == null
            ? List.of()
            : Arrays.stream(header).map(name -> name.trim().toLowerCase(Locale.ROOT)).toList();
    int path = columns.indexOf("path");
    int label = columns.indexOf("label");
    int split = columns.indexOf("split");
    Check.input(
        path >= 0 && label >= 0,
        "Cannot read %s: its first line must name the columns path and label, it is %s",
        file,
        Inputs.shown(columns.toString()));
    Set<String> paths = new HashSet<>();
    String[] row = parser.parseNext();
    for (; row != null; row = parser.parseNext()) {
      long line = parser.getContext().currentLine();
      Check.input(
          row.length > Math.max(path, label) && !row[path].isBlank() && !row[label].isBlank(),
          "Cannot read %s: line %d has no path or no label: %s",
          file,
          line,
          Inputs.shown(String.join(",", row)));
      Check.input(
          paths.add(row[path]),
          "Cannot read %s: line %d repeats %s",
          file,
          line,
          Inputs.shown(row[path]));
      String name = split >= 0 && row.length > split ? row[split].trim() : "";
      Optional<String> ofRow =
          name.isEmpty() ? Optional.empty() : Optional.of(SplitNames.of(name).orElse(name));
      Check.input(
          ofRow.isEmpty() || ofRow.get().matches("[a-z][a-z0-9_]{0,30}"),
          "Cannot read %s: line %d has the split '%s' (lower-case letters, digits and _)",
          file,
          line,
          Inputs.shown(name));
      rows.computeIfAbsent(ofRow, key -> new ArrayList<>())
          .add(new Row(row[path], row[label].trim()));
    }
  }

  /** What has no example to learn from is most likely misspelt. */
  private static void checkTrained(Map<Optional<String>, List<Row>> rows, Path file) {
    List<Row> train = rows.get(Optional.of("train"));
    if (train == null || rows.containsKey(Optional.<String>empty())) {
      return;
    }
    Set<String> trained = new HashSet<>(train.stream().map(Row::label).toList());
    rows.forEach(
        (split, ofSplit) ->
            ofSplit.forEach(
                row ->
                    Check.input(
                        trained.contains(row.label()),
                        "Cannot read %s: the label '%s' of %s is unknown: none in split 'train' has it",
                        file,
                        Inputs.shown(row.label()),
                        Inputs.shown(row.path()))));
  }

  private static List<String> classNames(Map<Optional<String>, List<Row>> rows) {
    List<String> names =
        rows.values().stream().flatMap(List::stream).map(Row::label).distinct().toList();
    boolean numbers = names.stream().allMatch(name -> name.matches("[0-9]{1,9}"));
    return names.stream()
        .sorted(
            numbers
                ? Comparator.<String>comparingInt(Integer::parseInt)
                    .thenComparing(Comparator.naturalOrder())
                : Comparator.<String>naturalOrder())
        .toList();
  }

  private static void addParts(
      List<SourcePart> parts,
      Path folder,
      Optional<String> split,
      List<Row> rows,
      List<String> classNames) {
    Map<String, Integer> labels = new HashMap<>();
    for (String name : classNames) {
      labels.put(name, labels.size());
    }
    for (int from = 0; from < rows.size(); from += FILES_PER_PART) {
      List<Row> some = rows.subList(from, Math.min(rows.size(), from + FILES_PER_PART));
      parts.add(
          new CsvPart(
              folder.toString(),
              split.orElse(""),
              some.stream().map(Row::path).toList(),
              some.stream().map(row -> labels.get(row.label())).toList()));
    }
  }
}
