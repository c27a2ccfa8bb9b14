// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.stoker.failure.Check;
import io.stoker.failure.Suggestion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An option of training: an entry of {@code options.yaml}, the one place that says its name, type,
 * default, check and help. The command line, recipes, {@code run.json}, job identities, {@link
 * TrainingConfig}, the params of Spark ML in Java and Python, and the table in the docs follow from
 * the entry. These are its fields; all but {@code type} may be missing:
 *
 * <ul>
 *   <li>{@code name} on the command line, without hyphens before it; {@code help} and {@code label}
 *       there, and the value that the option has without one ({@code fallback}). In the help,
 *       {@code (default)} stands for the default.
 *   <li>{@code key} in recipes and {@code run.json}: the name with underscores, unless it says
 *       otherwise. {@code in}: the component of {@link TrainingConfig} that holds the value. {@code
 *       sets}: the key that an option without a value of its own sets.
 *   <li>{@code type}: text, int, long, double, flag, choice (of {@code choices}), list, numbers,
 *       rates, schedule, class-weights, local-steps. {@code default}. {@code check}: a {@link
 *       ValueRule}. {@code noun} and {@code must}: the words of its error, if they are not the name
 *       and the rule.
 *   <li>{@code word}: what users may say in place of a number, which is then found out.
 *   <li>{@code neutral}: it has no influence on a round's result, and so is not part of a job's
 *       identity: true, or {@code unless the rate depends on losses}.
 *   <li>{@code earlier}: for a key that was added after the first release of {@code run.json}, the
 *       value that jobs of earlier releases have. It is not written, so that their hashes stay.
 *   <li>{@code param}: the param of Spark ML, with its {@code name}, and its {@code doc}, {@code
 *       type}, {@code choices}, {@code default} and {@code check} where they are not the option's.
 *       {@code of}: those of classifier, tuner and model that have it; without it, the first two.
 *   <li>{@code called}: the param that a message names in place of this option. {@code without}:
 *       why there is no param. {@code option}: the option of {@code prepare} that the param is.
 * </ul>
 */
public final class TrainingOption {
  private static final String TABLE = "options.yaml";

  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .disable(YAMLParser.Feature.EMPTY_STRING_AS_NULL)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private static final Set<String> FIELDS =
      Set.of(
          "name",
          "key",
          "in",
          "type",
          "choices",
          "default",
          "word",
          "earlier",
          "check",
          "noun",
          "must",
          "neutral",
          "label",
          "help",
          "fallback",
          "param",
          "called",
          "without",
          "option",
          "sets");

  private static final Set<String> PARAM_FIELDS =
      Set.of("name", "of", "type", "choices", "default", "check", "doc");

  private static final List<TrainingOption> ALL = read();

  private static final Map<String, TrainingOption> BY_KEY =
      ALL.stream()
          .filter(TrainingOption::isOfJob)
          .collect(Collectors.toUnmodifiableMap(TrainingOption::key, Function.identity()));

  private static final Pattern OPTION = Pattern.compile("--[a-z]+(-[a-z]+)*");

  private final JsonNode entry;

  private TrainingOption(JsonNode entry) {
    this.entry = entry;
  }

  /** All options, in the order of the table. */
  public static List<TrainingOption> all() {
    return ALL;
  }

  /** The options of {@code train}, in the order of its help. */
  public static List<TrainingOption> ofCommand() {
    return ALL.stream().filter(option -> option.entry.has("name")).toList();
  }

  /** The options whose values are in a {@link TrainingConfig}. */
  static List<TrainingOption> ofJob() {
    return ALL.stream().filter(TrainingOption::isOfJob).toList();
  }

  /** The option of a name on the command line, without hyphens before it. */
  public static TrainingOption named(String name) {
    return ofCommand().stream()
        .filter(option -> option.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("There is no option " + name));
  }

  /** The option of a key of {@code run.json}. */
  static TrainingOption ofKey(String key) {
    return Objects.requireNonNull(BY_KEY.get(key), () -> "There is no key " + key);
  }

  /** The keys of {@code run.json}. */
  static Set<String> keys() {
    return new TreeSet<>(BY_KEY.keySet());
  }

  /**
   * The params of Spark ML.
   *
   * @param of {@code classifier}, {@code tuner} or {@code model}
   */
  public static List<ParamEntry> paramsOf(String of) {
    return ALL.stream()
        .flatMap(option -> option.param().stream())
        .filter(param -> param.of().contains(of))
        .toList();
  }

  /** The param of each option of {@code train} and {@code prepare} that has one, by its name. */
  public static Map<String, String> paramsByOption() {
    return ALL.stream()
        .filter(option -> !option.option().isEmpty() && !option.paramName().isEmpty())
        .collect(
            Collectors.toUnmodifiableMap(
                option -> "--" + option.option(), TrainingOption::paramName));
  }

  /** The name on the command line; empty if the option is not there. */
  public String name() {
    return text("name", "");
  }

  /** The key in recipes and {@code run.json}. */
  public String key() {
    return text("key", name().replace('-', '_'));
  }

  /** Whether the value is part of a {@link TrainingConfig}. */
  public boolean isOfJob() {
    return entry.has("in");
  }

  /** The component of {@link TrainingConfig} that holds the value, such as {@code rounds.batch}. */
  String component() {
    return entry.get("in").textValue();
  }

  /** What kind of value it has. */
  public String type() {
    return entry.get("type").textValue();
  }

  /** The values of a choice; empty for other types. */
  public List<String> choices() {
    return texts(entry.path("choices"));
  }

  /** The default in JSON. */
  JsonNode defaultValue() {
    return entry.has("default") ? entry.get("default") : JsonNodeFactory.instance.textNode("");
  }

  /** The value of jobs whose {@code run.json} does not have the key. */
  Optional<JsonNode> earlier() {
    return Optional.ofNullable(entry.get("earlier"));
  }

  /**
   * When the value is not part of a job's identity: {@code true} for always, {@code unless the rate
   * depends on losses}, or empty if it is part of it.
   */
  public String neutral() {
    return text("neutral", "");
  }

  /** Whether the value is part of a job's identity. */
  boolean isOfIdentity(boolean rateDependsOnLosses) {
    return neutral().startsWith("unless") ? rateDependsOnLosses : neutral().isEmpty();
  }

  /** What stands for the value in the help of the command line. */
  public String label() {
    return text("label", String.join("|", choices()));
  }

  /** The help of the command line, a paragraph each. */
  public List<String> help() {
    JsonNode help = entry.path("help");
    return (help.isTextual() ? List.of(help.textValue()) : texts(help))
        .stream()
            .map(text -> text.replaceFirst("\\(default(?=[,)])", "(default: " + defaultText()))
            .toList();
  }

  /** The default as a user would write it. */
  public String defaultText() {
    JsonNode value = defaultValue();
    return value.isArray()
        ? "none"
        : value.isNumber() ? plain(value) : value.path("type").asText(value.asText());
  }

  /** The value of an option that is given without one, if that is allowed. */
  public Optional<String> fallback() {
    return Optional.ofNullable(entry.get("fallback")).map(JsonNode::asText);
  }

  /** What may be said in place of a number; empty for nothing. */
  public String word() {
    return text("word", "");
  }

  /** The key that the option sets together with others; empty if it has a value of its own. */
  public String sets() {
    return text("sets", "");
  }

  /** Why there is no param of Spark ML; empty if there is one, or one that means the same. */
  public String without() {
    return text("without", "");
  }

  /** The option of {@code train} or {@code prepare} that this is; empty if it is only a param. */
  private String option() {
    return text("option", name());
  }

  /** The param of Spark ML that this is. */
  public Optional<ParamEntry> param() {
    return entry.has("param") ? Optional.of(new ParamEntry(entry)) : Optional.empty();
  }

  /** The param of Spark ML that this is, or that a message names in its place; empty for none. */
  public String paramName() {
    return text("called", entry.path("param").path("name").asText(""));
  }

  /**
   * Checks a value of the config.
   *
   * @throws io.stoker.failure.InputException if it is out of range
   */
  void check(Object value) {
    if (entry.has("check") && value instanceof Number number) {
      String rule = text("check", "");
      String noun = text("noun", name().replace('-', ' '));
      Check.input(
          ValueRule.parse(rule).holds(number),
          "Invalid %s (must %s%s)",
          noun.contains("{}") ? noun.replace("{}", value.toString()) : noun + ": " + value,
          text("must", "be " + rule),
          Float.isInfinite(number.floatValue()) ? ", within the range of a float" : "");
      if (value instanceof Double fraction) {
        Fp32.require(fraction, noun);
      }
    }
  }

  private static String plain(JsonNode number) {
    return number.isIntegralNumber()
        ? number.asText()
        : number.decimalValue().stripTrailingZeros().toPlainString();
  }

  private String text(String field, String otherwise) {
    return entry.path(field).asText(otherwise);
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(element -> texts.add(element.asText()));
    return List.copyOf(texts);
  }

  private static List<TrainingOption> read() {
    try (InputStream stream = TrainingOption.class.getResourceAsStream(TABLE)) {
      List<TrainingOption> options = new ArrayList<>();
      for (JsonNode entry : YAML.readTree(stream)) {
        requireKnown(entry, FIELDS);
        requireKnown(entry.path("param"), PARAM_FIELDS);
        options.add(new TrainingOption(entry));
      }
      return List.copyOf(options);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void requireKnown(JsonNode node, Set<String> fields) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      Check.undamaged(
          fields.contains(field.getKey()),
          "%s: unknown field '%s'; %s",
          TABLE,
          field.getKey(),
          Suggestion.among(field.getKey(), new TreeSet<>(fields)));
    }
  }

  /** A param of Spark ML: what its entry says, and for the rest what its option's says. */
  public static final class ParamEntry {
    private final JsonNode option;
    private final JsonNode param;

    private ParamEntry(JsonNode option) {
      this.option = option;
      this.param = option.get("param");
    }

    private JsonNode field(String name) {
      return param.has(name) ? param.get(name) : option.path(name);
    }

    /** Its name. */
    public String name() {
      return param.get("name").textValue();
    }

    /** The classes that have it: classifier, tuner, model. */
    public List<String> of() {
      return param.has("of") ? texts(param.get("of")) : List.of("classifier", "tuner");
    }

    /** What kind of value it has. */
    public String type() {
      return field("type").textValue();
    }

    /** The values of a choice. */
    public List<String> choices() {
      return texts(field("choices"));
    }

    /** The key in {@code run.json}; empty if the value is not part of a job. */
    public String key() {
      TrainingOption entry = new TrainingOption(option);
      return entry.isOfJob() ? entry.key() : "";
    }

    /** The range of a number, if it has one. */
    public Optional<ValueRule> rule() {
      return Optional.of(field("check"))
          .filter(JsonNode::isTextual)
          .map(check -> ValueRule.parse(check.textValue()));
    }

    /** The default in JSON, if there is one. */
    public Optional<JsonNode> defaultValue() {
      return Optional.of(field("default")).filter(value -> !value.isMissingNode());
    }

    /** What it means: its doc, or the help of the option, in which options are called params. */
    public String doc() {
      if (param.has("doc")) {
        return param.get("doc").textValue();
      }
      String help = new TrainingOption(option).help().get(0);
      String plain = help.replaceFirst(" \\(default[^)]*\\)", "").replaceFirst("\\.$", "");
      return Character.toLowerCase(plain.charAt(0)) + inParams(plain.substring(1));
    }
  }

  /** A message in which options have the names of params. */
  public static String inParams(String message) {
    Map<String, String> params = paramsByOption();
    return OPTION
        .matcher(message)
        .replaceAll(option -> params.getOrDefault(option.group(), option.group()));
  }
}
