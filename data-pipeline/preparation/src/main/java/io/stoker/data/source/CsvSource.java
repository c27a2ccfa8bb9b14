// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A CSV file that lists images: a header with the columns {@code path} and {@code label}, and
 * perhaps {@code split}; other columns are passed over. A path is relative to the file's folder, or
 * a whole URI, and leads into this folder or one that the user allows. Classes are the labels that
 * occur, in the order of numbers if all are numbers, else in that of the alphabet.
 */
public final class CsvSource implements ImageSource {
  /** The name of the format. */
  public static final String NAME = "csv";

  private static final int FILES_PER_PART = 64;
  private static final int LONGEST_PATH = 4096;
  private static final int BYTE_ORDER_MARK = 0xFEFF;

  /** Comma-separated as RFC 4180 says, with any line break, and spaces around fields. */
  private static final CSVFormat FORMAT =
      CSVFormat.RFC4180.builder().setIgnoreSurroundingSpaces(true).build();

  private record Row(String path, String label) {}

  private final List<Path> allowed;

  /** A list of images in its own folder. */
  public CsvSource() {
    this(List.of());
  }

  /**
   * A list of images.
   *
   * @param allowed folders that they may be in, in addition to that of the list
   */
  public CsvSource(List<Path> allowed) {
    this.allowed = List.copyOf(allowed);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public SourceListing list(Path input, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(input, hadoop);
    Path file = Inputs.file(fileSystem, input);
    Map<Optional<String>, List<Row>> rows = new TreeMap<>(Comparator.comparing(s -> s.orElse("")));
    try (NotedFailures bytes = new NotedFailures(fileSystem.open(file));
        BufferedReader text = new BufferedReader(new InputStreamReader(bytes, UTF_8))) {
      try (CSVParser parser = FORMAT.parse(withoutByteOrderMark(text))) {
        read(new Records(parser), file, rows);
      } catch (MalformedCsvException e) {
        bytes.rethrow();
        throw new InputException("Cannot read " + file + ": " + e.getMessage(), e);
      }
    }
    Check.input(!rows.isEmpty(), "Cannot read %s: it lists no images", file);
    checkTrained(rows, file);
    List<String> classNames =
        ClassNames.sorted(
            rows.values().stream().flatMap(List::stream).map(Row::label).distinct().toList());
    List<SourcePart> parts = new ArrayList<>();
    ImagePaths files = ImagePaths.inside(Optional.of(file.getParent()), allowed, hadoop);
    rows.forEach((split, ofSplit) -> addParts(parts, files, split, ofSplit, classNames));
    long samples = rows.values().stream().mapToLong(List::size).sum();
    return new SourceListing(classNames, parts, OptionalLong.of(samples), List.of(), List.of());
  }

  private static Reader withoutByteOrderMark(BufferedReader in) throws IOException {
    in.mark(1);
    if (in.read() != BYTE_ORDER_MARK) {
      in.reset();
    }
    return in;
  }

  private static void read(Records records, Path file, Map<Optional<String>, List<Row>> rows)
      throws MalformedCsvException {
    List<String> columns =
        records.hasNext()
            ? records.next().toList().stream()
                .map(name -> name.trim().toLowerCase(Locale.ROOT))
                .toList()
            : List.of();
    int path = columns.indexOf("path");
    int label = columns.indexOf("label");
    int split = columns.indexOf("split");
    Check.input(
        path >= 0 && label >= 0,
        "Cannot read %s: its first line must name the columns path and label, it is %s",
        file,
        Inputs.shown(columns.toString()));
    Check.input(
        Stream.of(path, label, split)
            .allMatch(column -> column < 0 || column == columns.lastIndexOf(columns.get(column))),
        "Cannot read %s: its first line names a column twice, it is %s",
        file,
        Inputs.shown(columns.toString()));
    Set<String> paths = new HashSet<>();
    while (records.hasNext()) {
      CSVRecord row = records.next();
      long line = records.line();
      if (row.size() == 1 && row.get(0).isEmpty()) { // An empty line.
        continue;
      }
      Check.input(
          row.toList().stream().skip(columns.size()).allMatch(String::isBlank),
          "Cannot read %s: line %d has %d fields, the first line has %d: %s (quote a field with a"
              + " comma)",
          file,
          line,
          row.size(),
          columns.size(),
          Inputs.shown(String.join(",", row.toList())));
      Check.input(
          row.size() > Math.max(path, label)
              && !row.get(path).isBlank()
              && !row.get(label).isBlank(),
          "Cannot read %s: line %d has no path or no label: %s",
          file,
          line,
          Inputs.shown(String.join(",", row.toList())));
      checkField(file, line, "path", row.get(path), LONGEST_PATH);
      checkField(file, line, "label", row.get(label), ClassNames.LONGEST);
      Check.input(
          paths.add(plain(row.get(path))),
          "Cannot read %s: line %d repeats %s",
          file,
          line,
          Inputs.shown(row.get(path)));
      String name = split >= 0 && row.size() > split ? row.get(split).trim() : "";
      Optional<String> ofRow =
          name.isEmpty() ? Optional.empty() : Optional.of(SplitNames.of(name).orElse(name));
      Check.input(
          ofRow.isEmpty() || ofRow.get().matches("[a-z][a-z0-9_]{0,30}"),
          "Cannot read %s: line %d has the split '%s' (lower-case letters, digits and _)",
          file,
          line,
          Inputs.shown(name));
      rows.computeIfAbsent(ofRow, key -> new ArrayList<>())
          .add(new Row(row.get(path), row.get(label).trim()));
    }
  }

  /** One spelling of a path for all that name the same file. */
  private static String plain(String path) {
    return path.replaceAll("/(?:\\.?/)+", "/").replaceFirst("^(?:\\./)+", "");
  }

  /**
   * A quote that is opened and not closed makes one field of several lines, up to the next quote.
   */
  private static void checkField(Path file, long line, String column, String value, int longest) {
    Check.input(
        value.length() <= longest && value.chars().noneMatch(Character::isISOControl),
        "Cannot read %s: the %s of line %d has %s: '%s' (is a quote not closed?)",
        file,
        column,
        line,
        value.length() > longest
            ? value.length() + " characters, at most " + longest + " are allowed"
            : "a line break or another control character in it",
        Inputs.shown(value.substring(0, Math.min(value.length(), 60))));
  }

  /** Text that is not CSV; the message says at which line. */
  private static final class MalformedCsvException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedCsvException(String message, Exception cause) {
      super(message, cause);
    }
  }

  /** The records of a file, each checked for bytes that are not UTF-8. */
  private static final class Records {
    /** What Java decodes invalid bytes to. */
    private static final char REPLACEMENT = '\uFFFD';

    private final CSVParser parser;
    private final Iterator<CSVRecord> records;
    private long line;
    private long nextLine = 1;

    Records(CSVParser parser) {
      this.parser = parser;
      this.records = parser.iterator();
    }

    boolean hasNext() throws MalformedCsvException {
      try {
        return records.hasNext();
      } catch (IllegalStateException | UncheckedIOException e) {
        // The library says which character it did not expect, and at which line.
        String reason = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
        throw new MalformedCsvException(
            "line "
                + nextLine
                + " is not CSV, or a quote that starts there is not closed ("
                + Inputs.shown(String.valueOf(reason))
                + ")",
            e);
      }
    }

    CSVRecord next() throws MalformedCsvException {
      CSVRecord record = records.next();
      line = nextLine;
      nextLine = parser.getCurrentLineNumber() + 1;
      for (String field : record) {
        if (field.indexOf(REPLACEMENT) >= 0) {
          throw new MalformedCsvException(
              "line " + line + " is not valid UTF-8: " + Inputs.shown(field), null);
        }
      }
      return record;
    }

    /** The line that the last record starts at, from 1. */
    long line() {
      return line;
    }
  }

  /** A label without an example to learn from is most likely misspelt. */
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
                        "Cannot read %s: the label '%s' of %s is unknown: none in split 'train' has"
                            + " it",
                        file,
                        Inputs.shown(row.label()),
                        Inputs.shown(row.path()))));
  }

  private static void addParts(
      List<SourcePart> parts,
      ImagePaths files,
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
              files,
              split.orElse(""),
              some.stream().map(Row::path).toList(),
              some.stream().map(row -> labels.get(row.label())).toList()));
    }
  }
}
