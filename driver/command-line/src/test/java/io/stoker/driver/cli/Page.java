// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of the documentation, in Markdown.
 *
 * @param name its path in the checkout
 * @param paragraphs its prose: paragraphs, items of lists, rows of tables, headings
 * @param blocks its blocks of code
 * @param anchors what a link to a place in the page may name
 */
record Page(String name, List<Part> paragraphs, List<Block> blocks, Set<String> anchors) {
  private static final Pattern LINK =
      Pattern.compile("(?<!\\\\)\\[([^\\[\\]]*)\\]\\(([^()\\s]+)\\)");
  private static final Pattern SPAN = Pattern.compile("``(.+?)``|`([^`]+)`");
  private static final Pattern SENTENCE = Pattern.compile("(?<=[.;:!?|])\\s+");

  /**
   * A piece of prose without line breaks.
   *
   * @param line its first line in the page, from 1
   */
  record Part(int line, String text) {
    /** What stands between backticks. */
    List<String> spans() {
      return SPAN.matcher(text)
          .results()
          .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
          .toList();
    }

    /** The targets of its links. */
    List<String> links() {
      return LINK.matcher(SPAN.matcher(text).replaceAll("code"))
          .results()
          .map(match -> match.group(2))
          .toList();
    }

    /** Its sentences; a part before a semicolon or a colon counts as one. */
    List<String> sentences() {
      return SENTENCE.splitAsStream(text).toList();
    }
  }

  /**
   * A block of code.
   *
   * @param line its first line in the page, from 1
   * @param language as its fence names it; empty where it does not
   */
  record Block(int line, String language, List<String> lines) {
    /** Its lines, with those that end in a backslash joined. */
    List<String> commands() {
      List<String> commands = new ArrayList<>();
      String before = "";
      for (String line : lines) {
        String whole = before + line.strip();
        if (whole.endsWith("\\")) {
          before = whole.substring(0, whole.length() - 1);
        } else {
          commands.add(whole);
          before = "";
        }
      }
      return commands;
    }
  }

  /** The folder of the checkout. */
  static Path checkout() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("python/pyproject.toml"))) {
      folder = folder.getParent();
    }
    return folder;
  }

  /** The files of the checkout, without what builds and version control put there. */
  static List<Path> files() {
    List<Path> files = new ArrayList<>();
    Path root = checkout();
    try {
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
              String name = folder.getFileName().toString();
              boolean made =
                  name.startsWith(".") || name.startsWith("target") || name.startsWith("stoker-");
              return made && !folder.equals(root)
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              files.add(root.relativize(file));
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }

  /** All pages of the checkout. */
  static List<Page> all() {
    return files().stream()
        .filter(file -> file.toString().endsWith(".md"))
        .sorted()
        .map(file -> parse(file.toString(), text(file.toString())))
        .toList();
  }

  /** One of them. */
  static Page of(String name) {
    return parse(name, text(name));
  }

  /** The text of a file of the checkout. */
  static String text(String name) {
    try {
      return Files.readString(checkout().resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a page. */
  static Page parse(String name, String text) {
    Reader reader = new Reader();
    text.lines().forEach(reader::take);
    reader.endParagraph();
    return new Page(
        name, List.copyOf(reader.paragraphs), List.copyOf(reader.blocks), reader.anchors);
  }

  /** The page without its blocks of code. */
  Stream<String> sentences() {
    return paragraphs.stream().flatMap(part -> part.sentences().stream());
  }

  private static final class Reader {
    private static final Pattern HEADING = Pattern.compile("#{1,6} +(.*)");
    private static final Pattern ITEM = Pattern.compile("\\s*(\\||[-*] |\\d+\\. |#).*");

    private final List<Part> paragraphs = new ArrayList<>();
    private final List<Block> blocks = new ArrayList<>();
    private final Set<String> anchors = new LinkedHashSet<>();
    private final Map<String, Integer> headings = new HashMap<>();
    private final StringBuilder paragraph = new StringBuilder();
    private int paragraphLine;
    private int number;
    private List<String> code;
    private int codeLine;
    private String language;

    private void take(String line) {
      number++;
      if (line.strip().startsWith("```")) {
        fence(line.strip().substring(3).strip());
      } else if (code != null) {
        code.add(line);
      } else {
        prose(line);
      }
    }

    private void fence(String named) {
      if (code == null) {
        endParagraph();
        code = new ArrayList<>();
        codeLine = number + 1;
        language = named;
      } else {
        blocks.add(new Block(codeLine, language, List.copyOf(code)));
        code = null;
      }
    }

    private void prose(String line) {
      if (line.isBlank() || ITEM.matcher(line).matches()) {
        endParagraph();
      }
      if (line.isBlank()) {
        return;
      }
      if (paragraph.isEmpty()) {
        paragraphLine = number;
      }
      paragraph.append(paragraph.isEmpty() ? "" : " ").append(line.strip());
      if (HEADING.matcher(line).matches()) {
        anchors.add(anchor(HEADING.matcher(line).replaceFirst("$1")));
        endParagraph();
      }
    }

    /** As GitHub makes it of a heading. */
    private String anchor(String heading) {
      String anchor =
          heading
              .replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\p{L}\\p{N} _-]", "")
              .replace(' ', '-');
      int before = headings.merge(anchor, 1, Integer::sum) - 1;
      return before == 0 ? anchor : anchor + "-" + before;
    }

    private void endParagraph() {
      if (!paragraph.isEmpty()) {
        paragraphs.add(new Part(paragraphLine, paragraph.toString()));
        paragraph.setLength(0);
      }
    }
  }

  /** All names of files and folders, with each ending of their paths. */
  static Set<String> pathEndings() {
    Set<String> endings = new TreeSet<>();
    for (Path file : files()) {
      for (int from = 0; from < file.getNameCount(); from++) {
        for (int to = from + 1; to <= file.getNameCount(); to++) {
          endings.add(file.subpath(from, to).toString());
        }
      }
    }
    return endings;
  }
}
