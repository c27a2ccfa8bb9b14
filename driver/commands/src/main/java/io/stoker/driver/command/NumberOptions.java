// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.base.Numbers;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How options read numbers: all in the same way, and with a reason that people understand. */
public final class NumberOptions {
  /** Stands for a word that was given in place of a positive number. */
  public static final Double WORD = -Double.MIN_VALUE;

  private NumberOptions() {}

  /** Reads a number, or a word that stands in its place. */
  public static ITypeConverter<Double> orWord(String word) {
    ITypeConverter<Double> numbers = converter(Numbers::parseDouble, "such as 0.05, or " + word);
    return text -> word.equalsIgnoreCase(text.strip()) ? WORD : numbers.convert(text);
  }

  /** Makes a command, and the subcommands that it has now, read numbers so. */
  public static CommandLine read(CommandLine command) {
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
