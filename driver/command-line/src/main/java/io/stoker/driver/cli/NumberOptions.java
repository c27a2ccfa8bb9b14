// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.base.Numbers;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How options read numbers: all in the same way, and with a reason that people understand. */
final class NumberOptions {
  private NumberOptions() {}

  /** Makes a command, and the subcommands that it has now, read numbers so. */
  static CommandLine read(CommandLine command) {
    ITypeConverter<Integer> ints = converter(Numbers::parseInt, "such as 4");
    ITypeConverter<Long> longs = converter(Numbers::parseLong, "such as 4");
    ITypeConverter<Double> doubles = converter(Numbers::parseDouble, "such as 0.05");
    List.of(int.class, Integer.class).forEach(type -> register(command, type, ints));
    List.of(long.class, Long.class).forEach(type -> register(command, type, longs));
    List.of(double.class, Double.class).forEach(type -> register(command, type, doubles));
    return command;
  }

  private static <T> void register(
      CommandLine command, Class<T> type, ITypeConverter<T> converter) {
    command.registerConverter(type, converter);
  }

  private static <T> ITypeConverter<T> converter(Function<String, T> parse, String example) {
    return text -> {
      try {
        return parse.apply(text.strip());
      } catch (NumberFormatException e) {
        throw new TypeConversionException("%s (%s)".formatted(e.getMessage(), example));
      }
    };
  }
}
