// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.config.TrainingOption;
import io.stoker.driver.config.TrainingOption.ParamEntry;
import io.stoker.driver.config.ValueRule;
import io.stoker.driver.spark.Scala;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleArrayParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.param.StringArrayParam;
import scala.Function1;

/** Makes the params of a class from the entries of the table, {@link TrainingOption}. */
final class TableParams {
  private final Params parent;
  private final List<ParamEntry> entries;

  /**
   * Params of an object.
   *
   * @param parent has them, and its uid already
   * @param of what the table calls its class
   */
  TableParams(Params parent, String of) {
    this.parent = parent;
    this.entries = TrainingOption.paramsOf(of);
  }

  /**
   * Makes a param, with its default.
   *
   * @param <P> the class of the param, by the type of the entry
   */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Both follow from the entry.
  <P> P make(String name) {
    ParamEntry entry =
        entries.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
    Param<?> param = param(entry, entry.doc());
    entry.defaultValue().ifPresent(value -> setDefault(param, value(entry, value)));
    return (P) param;
  }

  private Param<?> param(ParamEntry entry, String doc) {
    String name = entry.name();
    return switch (entry.type()) {
      case "int" -> new IntParam(parent, name, doc, range(entry));
      case "long" -> new LongParam(parent, name, doc);
      case "double" -> new DoubleParam(parent, name, doc, range(entry));
      case "flag" -> new BooleanParam(parent, name, doc);
      case "list" -> new StringArrayParam(parent, name, doc);
      case "numbers" -> new DoubleArrayParam(parent, name, doc, ParamRules.THRESHOLDS);
      case "choice" -> new TextParam(parent, name, doc, ParamValidators.inArray(entry.choices()));
      default -> new TextParam(parent, name, doc);
    };
  }

  private static Function1<Object, Object> range(ParamEntry entry) {
    return entry.rule().map(TableParams::range).orElseGet(() -> Scala.predicate(value -> true));
  }

  private static Function1<Object, Object> range(ValueRule rule) {
    return Scala.predicate(value -> rule.holds((Number) value));
  }

  /** The value of a param, of JSON of the type that its entry says. */
  static Object value(ParamEntry entry, JsonNode value) {
    return switch (entry.type()) {
      case "int" -> value.intValue();
      case "long" -> value.longValue();
      case "double" -> value.doubleValue();
      case "flag" -> value.booleanValue();
      case "list" -> {
        List<String> texts = new ArrayList<>();
        value.forEach(text -> texts.add(text.textValue()));
        yield texts.toArray(String[]::new);
      }
      default -> value.isTextual() ? value.textValue() : "";
    };
  }

  @SuppressWarnings("unchecked")
  private <T> void setDefault(Param<T> param, Object value) {
    parent.setDefault(param, (T) value);
  }
}
