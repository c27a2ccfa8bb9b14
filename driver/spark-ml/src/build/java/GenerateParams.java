// SPDX-License-Identifier: Apache-2.0
import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.config.TrainingOption.ParamEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Writes the classes with the params of Spark ML, each with its getter and setter, from the table
 * of options. The build runs it, as a program of one file, before it compiles.
 */
final class GenerateParams {
  /**
   * How the kinds of values of the table are params.
   *
   * @param param the class of the param
   * @param value the type of the value
   * @param cast how a value is read
   */
  private record Kind(String param, String value, String cast) {}

  private static final Kind TEXT = new Kind("Param<String>", "String", "");

  private static final Map<String, Kind> KINDS =
      Map.of(
          "int", new Kind("IntParam", "int", "(int) "),
          "long", new Kind("LongParam", "long", "(long) "),
          "double", new Kind("DoubleParam", "double", "(double) "),
          "flag", new Kind("BooleanParam", "boolean", "(boolean) "),
          "list", new Kind("StringArrayParam", "String[]", ""),
          "numbers", new Kind("DoubleArrayParam", "double[]", ""));

  /** Pairs of params that mean the same; the first of each has a default. */
  private static final List<List<String>> SAME =
      List.of(List.of("inputCol", "featuresCol"), List.of("probabilityCol", "outputCol"));

  private GenerateParams() {}

  /**
   * Writes the classes.
   *
   * @param arguments the folder of sources
   */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0], "io/stoker/driver/ml");
    Files.createDirectories(folder);
    write(folder, "StokerClassifier", "Estimator<StokerModel>", "classifier");
    write(folder, "StokerTuner", "Estimator<StokerTunerModel>", "tuner");
    write(folder, "StokerModel", "Model<StokerModel>", "model");
  }

  private static void write(Path folder, String type, String parent, String of) throws IOException {
    StringBuilder fields = new StringBuilder();
    StringBuilder made = new StringBuilder();
    StringBuilder methods = new StringBuilder();
    List<ParamEntry> params = TrainingOption.paramsOf(of);
    List<String> names = params.stream().map(ParamEntry::name).toList();
    for (ParamEntry param : params) {
      String name = param.name();
      Kind kind = KINDS.getOrDefault(param.type(), TEXT);
      fields.append("  private final %s %s;\n".formatted(kind.param, name));
      made.append("    %s = table.make(\"%s\");\n".formatted(name, name));
      methods.append(
          METHODS
              .replace("{param}", name)
              .replace("{title}", capital(name))
              .replace("{type}", kind.param)
              .replace("{value}", kind.value)
              .replace("{read}", read(name, kind, names))
              .replace("{doc}", capital(escaped(param.doc())) + ".")
              .replace("{class}", type));
    }
    String text =
        CLASS
            .replace("{class}", type)
            .replace("{of}", of)
            .replace("{parent}", parent)
            .replace("{fields}", fields)
            .replace("{made}", made)
            .replace("{methods}", methods);
    Path file = folder.resolve(type + "Params.java");
    // A file that is newer than its class has the compiler begin again with the whole module.
    if (!Files.exists(file) || !Files.readString(file).equals(text)) {
      Files.writeString(file, text);
    }
  }

  /** How a getter reads its param: by either of its names, if the class has both. */
  private static String read(String name, Kind kind, List<String> names) {
    return SAME.stream()
        .filter(same -> same.contains(name) && names.containsAll(same))
        .findFirst()
        .map(same -> "ParamRules.either(this, %s)".formatted(String.join(", ", same)))
        .orElse("%sgetOrDefault(%s)".formatted(kind.cast, name));
  }

  private static String capital(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("@", "&#64;");
  }

  private static final String CLASS =
      """
      // SPDX-License-Identifier: Apache-2.0
      package io.stoker.driver.ml;

      import javax.annotation.processing.Generated;
      import org.apache.spark.ml.Estimator;
      import org.apache.spark.ml.Model;
      import org.apache.spark.ml.param.BooleanParam;
      import org.apache.spark.ml.param.DoubleArrayParam;
      import org.apache.spark.ml.param.DoubleParam;
      import org.apache.spark.ml.param.IntParam;
      import org.apache.spark.ml.param.LongParam;
      import org.apache.spark.ml.param.Param;
      import org.apache.spark.ml.param.StringArrayParam;

      /** The params of {@link {class}}, each with its getter and setter. */
      @Generated("options.yaml")
      public abstract class {class}Params extends {parent} {
        private static final long serialVersionUID = 1L;

        private final String uid;
      {fields}
        {class}Params(String uid) {
          this.uid = uid; // before the params, whose parent it names
          TableParams table = new TableParams(this, "{of}");
      {made}  }

        abstract {class} self();

        @Override
        public final String uid() {
          return uid;
        }
      {methods}}
      """;

  private static final String METHODS =
      """

        /** {doc} */
        public final {type} {param}() {
          return {param};
        }

        /** Value of {@link #{param}()}. */
        public {value} get{title}() {
          return {read};
        }

        /** Sets {@link #{param}()}. */
        public final {class} set{title}({value} value) {
          set({param}, value);
          return self();
        }
      """;
}
