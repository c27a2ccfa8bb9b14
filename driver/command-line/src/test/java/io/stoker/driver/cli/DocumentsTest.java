// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.cli.Page.Block;
import io.stoker.driver.cli.Page.Part;
import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.explain.Saliency;
import io.stoker.failure.StokerException;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.spec.ModelYaml;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.jar.JarFile;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Holds README, CONTRIBUTING and the pages of docs to the code: options, defaults, command lines,
 * artifacts, versions, names of files and classes, links.
 */
class DocumentsTest {
  /** Pages about the past, whose options, names and numbers are those of their time. */
  private static final Pattern HISTORY =
      Pattern.compile("CHANGELOG\\.md|docs/benchmarks/.*|.*/resources/.*");

  /** Pages that name versions of other products, or of their time. */
  private static final Pattern NAMES_OTHERS = Pattern.compile("docs/(adr/.*|dl4j-spark\\.md)");

  /** The pages that describe this commit. */
  private static final List<Page> PAGES =
      Page.all().stream().filter(page -> !HISTORY.matcher(page.name()).matches()).toList();

  /** Options and classes of programs that no file of the checkout uses. */
  private static final Set<String> OF_OTHERS =
      Set.of(
          "--logdir",
          "AveragePool",
          "ClassLabel",
          "DataSetLoader",
          "GlobalAveragePool",
          "MultiDataSetLoader",
          "OneCycleLR",
          "ReduceMean",
          "RuntimeError",
          "SparkComputationGraph",
          "SparkDl4jMultiLayer",
          "StatsStorageRouter",
          "StreamFilter",
          "TrainingMaster",
          "ValueError");

  private static final CommandLines COMMANDS = new CommandLines();

  @Test
  void linksLeadSomewhere() {
    Map<String, Page> pages =
        Page.all().stream().collect(Collectors.toMap(Page::name, page -> page));
    List<String> faults = new ArrayList<>();
    for (Page page : pages.values()) {
      for (Part part : page.paragraphs()) {
        for (String link : part.links()) {
          if (!leadsSomewhere(page, link, pages)) {
            faults.add(at(page, part.line(), link));
          }
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  private static boolean leadsSomewhere(Page from, String link, Map<String, Page> pages) {
    if (URI.create(link).isAbsolute()) {
      return true;
    }
    String[] target = link.split("#", 2);
    Path name =
        target[0].isEmpty()
            ? Path.of(from.name())
            : Path.of(from.name()).resolveSibling(target[0]).normalize();
    if (target.length == 1) {
      return Files.exists(Page.checkout().resolve(name));
    }
    Page page = pages.get(name.toString());
    return page != null && page.anchors().contains(target[1]);
  }

  @Test
  void commandLinesInBlocksAreTakenByStoker() {
    List<String> faults = new ArrayList<>();
    int lines = 0;
    for (Page page : PAGES) {
      for (Block block : page.blocks()) {
        for (String line : block.commands()) {
          if (CommandLines.isOne(line)) {
            lines++;
            for (String fault : COMMANDS.faults(line, true)) {
              faults.add(at(page, block.line(), line + ": " + fault));
            }
          }
        }
      }
    }
    assertThat(faults).isEmpty();
    assertThat(lines).isGreaterThan(70);
  }

  @Test
  void commandLinesInTheTextAreTakenByStoker() {
    List<String> faults = new ArrayList<>();
    for (Page page : PAGES) {
      for (Part part : page.paragraphs()) {
        for (String span : part.spans()) {
          boolean isCommand = COMMANDS.names().contains(span.split(" ", 2)[0]);
          String line = isCommand ? "stoker " + span : span;
          if (span.contains(" ")
              && !span.contains("[spark-submit option]")
              && CommandLines.isOne(line)) {
            for (String fault : COMMANDS.faults(line, false)) {
              faults.add(at(page, part.line(), line + ": " + fault));
            }
          }
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void optionsThatAreNamedExist() {
    Set<String> known = new HashSet<>(COMMANDS.options());
    known.addAll(optionsOfScripts());
    List<String> faults = new ArrayList<>();
    for (Page page : PAGES) {
      for (Part part : page.paragraphs()) {
        for (String span : part.spans()) {
          Matcher option = Pattern.compile("(--[a-z][a-z0-9-]*).*").matcher(span);
          if (option.matches()
              && !known.contains(option.group(1))
              && !OF_OTHERS.contains(option.group(1))) {
            faults.add(at(page, part.line(), span));
          }
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  /** What the scripts of the repository take, or give to other programs. */
  private static Set<String> optionsOfScripts() {
    return Page.files().stream()
        .map(Path::toString)
        .filter(file -> file.matches("deploy/(bin|docker)/.*|(examples|python)/.*\\.(py|toml)"))
        .flatMap(file -> Pattern.compile("--[a-z][a-z0-9-]+").matcher(Page.text(file)).results())
        .map(MatchResult::group)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Test
  void defaultsOfTheHelpAreThoseOfTheCode() {
    List<String> faults = new ArrayList<>();
    for (CommandSpec command : COMMANDS.all()) {
      for (OptionSpec option : command.options()) {
        String value = value(option);
        Matcher stated =
            Pattern.compile("\\(default: ([^ ;)]+?),?[ ;)]")
                .matcher(String.join(" ", option.description()));
        if (!value.isEmpty() && stated.find() && !isSame(stated.group(1), value)) {
          faults.add(command.name() + " " + option.longestName() + ": " + value);
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  /** The value of an option that is not given; empty if the code of its command decides. */
  private static String value(OptionSpec option) {
    if (option.defaultValue() != null) {
      return option.defaultValue();
    }
    Object initial = option.initialValue();
    return initial == null
            || initial instanceof Boolean
            || initial instanceof Collection
            || initial instanceof Optional
        ? ""
        : initial.toString().toLowerCase(Locale.ROOT);
  }

  @Test
  void defaultsOfThePagesAreThoseOfTheCode() {
    Pattern stated =
        Pattern.compile("`(--[a-z][a-z0-9-]*)[^`]*` \\((?:default:? )?`?([a-z0-9.,=:-]+)`?[);,]");
    List<String> faults = new ArrayList<>();
    int found = 0;
    for (Page page : PAGES) {
      for (Part part : page.paragraphs()) {
        for (MatchResult match : stated.matcher(part.text()).results().toList()) {
          Set<String> defaults = defaultsOf(match.group(1));
          if (!defaults.isEmpty()) {
            found++;
            if (defaults.stream().noneMatch(value -> isSame(match.group(2), value))) {
              faults.add(at(page, part.line(), match.group() + " " + defaults));
            }
          }
        }
      }
    }
    assertThat(faults).isEmpty();
    assertThat(found).isGreaterThan(3);
  }

  private static Set<String> defaultsOf(String option) {
    Set<String> defaults = new TreeSet<>();
    TrainingOption.ofCommand().stream()
        .filter(entry -> option.equals("--" + entry.name()))
        .forEach(entry -> defaults.add(entry.defaultText()));
    for (OptionSpec spec : COMMANDS.optionsNamed(option)) {
      if (!value(spec).isEmpty()) {
        defaults.add(value(spec));
      }
      Pattern.compile("\\(default: ([^ ;)]+?),?[ ;)]")
          .matcher(String.join(" ", spec.description()))
          .results()
          .forEach(match -> defaults.add(match.group(1)));
    }
    return defaults;
  }

  private static boolean isSame(String stated, String value) {
    if (stated.equals(value)) {
      return true;
    }
    try {
      return Double.parseDouble(stated) == Double.parseDouble(value);
    } catch (NumberFormatException e) {
      return false;
    }
  }

  @Test
  void artifactsAreThoseThatArePublished() {
    Set<String> published = Poms.published();
    List<String> faults = new ArrayList<>();
    for (Page page : PAGES) {
      String text = Page.text(page.name());
      Pattern.compile("io\\.stoker:([a-z0-9._-]*[a-z0-9])")
          .matcher(text)
          .results()
          .filter(match -> !published.contains(match.group(1)))
          .forEach(match -> faults.add(page.name() + ": " + match.group()));
    }
    assertThat(faults).isEmpty();
    assertThat(published)
        .contains("stoker_3.5_2.12", "stoker-models")
        .doesNotContain("stoker-driver");
  }

  @Test
  void namesOfDistributionsAreThoseOfTheArtifacts() {
    Set<String> published = Poms.published();
    List<String> faults = new ArrayList<>();
    for (Page page : PAGES) {
      Pattern.compile("stoker_[0-9][0-9.]*_[0-9.]*[0-9]")
          .matcher(Page.text(page.name()))
          .results()
          .filter(match -> !published.contains(match.group()))
          .forEach(match -> faults.add(page.name() + ": " + match.group()));
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void versionsAreThoseThatStokerIsBuiltForAndRunsOn() {
    Map<String, Set<String>> known = Poms.versions();
    List<String> faults = new ArrayList<>();
    for (Page page : PAGES) {
      for (Part part : page.paragraphs()) {
        if (part.text().contains("| none: ") || NAMES_OTHERS.matcher(page.name()).matches()) {
          continue;
        }
        Pattern.compile("\\b(Spark|Scala|Java|JDK|Hadoop) ([0-9]++(?:\\.[0-9]++)*+)(?! s\\b)")
            .matcher(part.text())
            .results()
            .filter(match -> !known.get(match.group(1)).contains(match.group(2)))
            .forEach(match -> faults.add(at(page, part.line(), match.group())));
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void keysThatAreNoPartOfAJobAreAllNamed() {
    String sentence =
        Page.of("docs/checkpoint-format.md").paragraphs().stream()
            .map(Part::text)
            .filter(text -> text.startsWith("- `config_sha256`"))
            .findFirst()
            .orElseThrow();

    assertThat(keys(between(sentence, "(without", ";"))).isEqualTo(neutralKeys(""));
    assertThat(keys(between(sentence, "losses also without", ")")))
        .isEqualTo(neutralKeys("unless the rate depends on losses"));
  }

  private static Set<String> neutralKeys(String condition) {
    return TrainingOption.all().stream()
        .filter(TrainingOption::isOfJob)
        .filter(option -> option.neutral().equals(condition.isEmpty() ? "true" : condition))
        .map(TrainingOption::key)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> keys(String text) {
    return new TreeSet<>(new Part(1, text).spans());
  }

  private static String between(String text, String from, String to) {
    assertThat(text).contains(from);
    String rest = text.substring(text.indexOf(from) + from.length());
    return rest.substring(0, (rest + to).indexOf(to));
  }

  @Test
  void timesOfTheBuildAreTheSameOnEachPage() {
    Map<String, Map<String, String>> times = new TreeMap<>();
    for (Page page : PAGES) {
      timesOfCommands(Page.text(page.name()))
          .forEach(
              (command, time) ->
                  times.computeIfAbsent(command, any -> new TreeMap<>()).put(page.name(), time));
    }

    assertThat(times).containsKeys("mvn verify", "mvn test", "mvn -Pspark-4 verify");
    assertThat(times.values())
        .allSatisfy(places -> assertThat(Set.copyOf(places.values())).hasSize(1));
  }

  /** The first time of minutes after each command of Maven in a text, in the same paragraph. */
  private static Map<String, String> timesOfCommands(String text) {
    Map<String, String> times = new LinkedHashMap<>();
    String command = "";
    for (MatchResult match :
        Pattern.compile(
                "(mvn [^`\n]*)|((?:under )?[0-9]+(?: to [0-9]+)?) min(?:utes)?\\b|(\n#+ |\n\\|)")
            .matcher(text)
            .results()
            .toList()) {
      if (match.group(1) != null) {
        command = match.group(1).strip();
      } else if (match.group(2) == null) {
        command = "";
      } else if (!command.isEmpty()) {
        times.putIfAbsent(command, match.group(2));
        command = "";
      }
    }
    return times;
  }

  /** What the code can do, and how a sentence would deny it. */
  private record Ability(String subject, String denial, BooleanSupplier isThere) {
    boolean isDeniedBy(String sentence) {
      return Pattern.compile(subject).matcher(sentence).find()
          && Pattern.compile(denial).matcher(sentence).find();
    }
  }

  private static final List<Ability> ABILITIES =
      List.of(
          new Ability(
              "(?i)\\bmaps\\b.*batch normali[sz]ation|batch normali[sz]ation.*\\bmaps\\b",
              "(?i)\\b(cannot|none|no|not|without)\\b",
              () -> drawsMapsOfBatchNormalization("onednn")),
          new Ability(
              "(?i)\\bexecutors\\b.*\\b(start|begin)\\b|\\b(start|begin)\\b.*\\bexecutors\\b",
              "(?i)\\bwithout (it|the archive|an archive)\\b",
              () -> Page.text("stoker").contains("executor_archive=$archive")));

  @Test
  void noSentenceDeniesWhatWorks() {
    List<String> sentences = new ArrayList<>();
    for (Page page : PAGES) {
      page.sentences().forEach(sentence -> sentences.add(page.name() + ": " + sentence));
    }
    for (CommandSpec command : COMMANDS.all()) {
      for (OptionSpec option : command.options()) {
        sentences.add(
            command.name()
                + " "
                + option.longestName()
                + ": "
                + String.join(" ", option.description()));
      }
    }

    for (Ability ability : ABILITIES) {
      assertThat(ability.isThere().getAsBoolean()).isTrue();
    }
    assertThat(
            sentences.stream()
                .filter(
                    sentence ->
                        ABILITIES.stream().anyMatch(ability -> ability.isDeniedBy(sentence))))
        .isEmpty();
  }

  @Test
  void thePageOnExplainNamesTheEngineWithoutMaps() {
    assertThat(drawsMapsOfBatchNormalization("dl4j")).isFalse();
    assertThat(Page.of("docs/evaluation.md").sentences())
        .anyMatch(sentence -> sentence.contains("`dl4j`") && sentence.contains("`--no-maps`"));
  }

  private static boolean drawsMapsOfBatchNormalization(String engine) {
    String model =
        """
        name: small
        input: [8, 8, 1]
        layers:
          - conv: {filters: 2, kernel: 3, padding: 1}
          - batch-norm
          - relu
          - dense: 2
        """;
    ByteArrayInputStream yaml = new ByteArrayInputStream(model.getBytes(StandardCharsets.UTF_8));
    try (Network network = Engines.named(engine).create(ModelYaml.read(yaml, "small.yaml", 2), 1)) {
      return new Saliency(network).inputGradient(new float[64], 0).length == 64;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (StokerException | UnsupportedOperationException e) {
      return false;
    }
  }

  @Test
  void decisionsHaveOneFormAndOnePage() {
    List<String> sections = List.of("Context", "Decision", "Consequences", "Alternatives");
    List<String> faults = new ArrayList<>();
    for (Decision decision : Decision.all()) {
      if (!decision.sections().equals(sections)) {
        faults.add(decision.file() + ": " + decision.sections());
      }
      if (decision.words() > Decision.ONE_PAGE) {
        faults.add(decision.file() + ": " + decision.words() + " words");
      }
      if (decision.hasTable()) {
        faults.add(decision.file() + ": a table, which belongs into docs/benchmarks");
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void theIndexOfDecisionsListsAllOfThem() {
    String index = Page.text("docs/adr/README.md");
    List<Decision> decisions = Decision.all();

    assertThat(index.lines().filter(line -> line.startsWith("| [")))
        .containsExactlyElementsOf(decisions.stream().map(Decision::row).toList());
    Set<Integer> numbers =
        decisions.stream().map(Decision::number).collect(Collectors.toCollection(TreeSet::new));
    for (int number = 1; number < decisions.get(decisions.size() - 1).number(); number++) {
      assertThat(numbers.contains(number) || index.matches("(?s).*\\b" + number + "\\b.*"))
          .as("decision %d is explained", number)
          .isTrue();
    }
  }

  @Test
  void decisionsThatWereReplacedNameTheirSuccessors() {
    Map<Integer, Decision> decisions =
        Decision.all().stream().collect(Collectors.toMap(Decision::number, each -> each));
    for (Decision decision : decisions.values()) {
      decision
          .numbersAfter("superseded by")
          .forEach(
              by ->
                  assertThat(decisions.get(by).numbersAfter("supersedes"))
                      .as("what %d supersedes", by)
                      .contains(decision.number()));
    }
  }

  @Test
  void filesThatAreNamedExist() {
    Set<String> known = Page.pathEndings();
    Pattern path = Pattern.compile("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+/?");
    Set<String> folders = new TreeSet<>();
    for (Path file : Page.files()) {
      folders.add(file.getName(0).toString());
    }
    List<String> faults = new ArrayList<>();
    for (Page page : PAGES) {
      for (Part part : page.paragraphs()) {
        for (String span : part.spans()) {
          String name = span.replaceFirst("/$", "");
          if (path.matcher(span).matches()
              && folders.contains(Path.of(span).getName(0).toString())
              && !span.matches(".*(target|[A-Z]{3}).*")
              && !known.contains(name)
              && !known.contains(name + ".java")) {
            faults.add(at(page, part.line(), span));
          }
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void modulesAndTestsOfMavensCommandsExist() {
    List<String> faults = new ArrayList<>();
    Set<String> classes = sources();
    for (Page page : PAGES) {
      for (String command : mavenCommands(page)) {
        Matcher modules = Pattern.compile("-pl ([^ ]+)").matcher(command);
        if (modules.find()) {
          for (String module : modules.group(1).split(",", -1)) {
            if (!Files.exists(Page.checkout().resolve(module).resolve("pom.xml"))) {
              faults.add(page.name() + ": " + command);
            }
          }
        }
        Matcher test = Pattern.compile("-Dtest='?([A-Za-z0-9]+)(?![*A-Za-z0-9])").matcher(command);
        if (test.find() && !classes.contains(test.group(1))) {
          faults.add(page.name() + ": " + command);
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  private static List<String> mavenCommands(Page page) {
    return Stream.concat(
            page.blocks().stream().flatMap(block -> block.commands().stream()),
            page.paragraphs().stream().flatMap(part -> part.spans().stream()))
        .filter(command -> command.contains("mvn "))
        .toList();
  }

  @Test
  void classesThatAreNamedExist() throws IOException {
    Set<String> known = sources();
    known.addAll(classesOnThePath());
    Set<String> methods = methodsOfTests();
    Pattern named =
        Pattern.compile(
            "(?:[a-z]+[./])*([A-Z][a-z0-9]+(?:[A-Z0-9]+[a-z0-9]*)+)(\\.[a-z]\\w*)?(\\(.*\\))?");
    List<String> faults = new ArrayList<>();
    for (Page page : PAGES) {
      for (Part part : page.paragraphs()) {
        for (String span : part.spans()) {
          Matcher match = named.matcher(span);
          if (match.matches()
              && !OF_OTHERS.contains(match.group(1))
              && (!known.contains(match.group(1))
                  || (match.group(1).endsWith("Test")
                      && match.group(2) != null
                      && !methods.contains(match.group(1) + match.group(2))))) {
            faults.add(at(page, part.line(), span));
          }
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  /** The names of our classes, and of those that they import. */
  private static Set<String> sources() {
    Pattern declared =
        Pattern.compile("\\b(?:class |record |interface |enum |import .*\\.)([A-Z]\\w*)");
    Set<String> names = new HashSet<>();
    for (Path file : Page.files()) {
      if (file.toString().matches(".*\\.(java|py)")) {
        names.add(file.getFileName().toString().replaceFirst("\\..*", ""));
        declared
            .matcher(Page.text(file.toString()))
            .results()
            .forEach(match -> names.add(match.group(1)));
      }
    }
    return names;
  }

  private static Set<String> methodsOfTests() {
    Set<String> names = new HashSet<>();
    for (Path file : Page.files()) {
      if (file.toString().matches(".*(Test|IT|Contract)\\.java")) {
        String type = file.getFileName().toString().replace(".java", "");
        Pattern.compile("\\bvoid (\\w+)\\(")
            .matcher(Page.text(file.toString()))
            .results()
            .forEach(match -> names.add(type + "." + match.group(1)));
      }
    }
    return names;
  }

  /** Java's classes, and those of libraries. */
  private static Set<String> classesOnThePath() throws IOException {
    Set<String> names = new HashSet<>();
    try (Stream<Path> java =
        Files.walk(FileSystems.getFileSystem(URI.create("jrt:/")).getPath("modules/java.base"))) {
      java.forEach(file -> addClass(file.toString(), names));
    }
    for (String entry :
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
            .split(Pattern.quote(java.io.File.pathSeparator), -1)) {
      if (Files.isDirectory(Path.of(entry))) {
        try (Stream<Path> folder = Files.walk(Path.of(entry))) {
          folder.forEach(file -> addClass(file.toString(), names));
        }
      } else if (Files.exists(Path.of(entry))) {
        try (JarFile jar = new JarFile(entry)) {
          jar.stream().forEach(file -> addClass(file.getName(), names));
        }
      }
    }
    return names;
  }

  private static void addClass(String file, Set<String> names) {
    if (file.endsWith(".class")) {
      String name = file.substring(file.lastIndexOf('/') + 1, file.length() - ".class".length());
      names.addAll(Arrays.asList(name.split("\\$", -1)));
    }
  }

  private static String at(Page page, int line, String what) {
    return page.name() + ":" + line + " " + what;
  }
}
