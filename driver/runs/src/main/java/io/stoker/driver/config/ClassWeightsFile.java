// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.base.Numbers;
import io.stoker.base.UserFile;
import io.stoker.base.yaml.StrictYaml;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * A file with the weight of each class: YAML or JSON as {@code name: weight}, or, if its name ends
 * in {@code .csv}, lines of {@code name,weight}, the first of which may be {@code class,weight}.
 */
public final class ClassWeightsFile {
  /** A larger file holds something else. */
  private static final int MAXIMUM_BYTES = 4 << 20;

  private static final CSVFormat CSV =
      CSVFormat.RFC4180.builder().setIgnoreSurroundingSpaces(true).build();

  private ClassWeightsFile() {}

  /**
   * Reads a file.
   *
   * @throws InputException if it cannot be read, or holds anything else
   */
  public static ClassWeighting read(Path file) {
    Check.input(
        Files.exists(file),
        "Cannot read class weights %s: there is no such file (say 'balanced' or a file)",
        file);
    boolean csv = file.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    return csv ? csv(file) : yaml(file);
  }

  private static ClassWeighting yaml(Path file) {
    JsonNode tree =
        new StrictYaml("Cannot read class weights " + file, MAXIMUM_BYTES, 1).read(file);
    Check.input(
        tree.isObject() && !tree.isEmpty(),
        "Cannot read class weights %s: it must be 'name: weight' lines, such as 'cat: 2.5'",
        file);
    return ClassWeighting.fromJson(tree);
  }

  private static ClassWeighting csv(Path file) {
    byte[] bytes = UserFile.read("Cannot read class weights " + file, file, MAXIMUM_BYTES);
    Map<String, Double> weights = new TreeMap<>();
    try (CSVParser parser =
        CSV.parse(
            new StringReader(
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString()))) {
      for (CSVRecord row : parser) {
        add(row, parser.getCurrentLineNumber(), file, weights);
      }
    } catch (CharacterCodingException e) {
      throw new InputException(
          "Cannot read class weights %s: it is not UTF-8 text".formatted(file), e);
    } catch (IOException | UncheckedIOException | IllegalStateException e) {
      throw new InputException(
          "Cannot read class weights %s: it is not CSV (is a quote not closed?)".formatted(file),
          e);
    }
    Check.input(!weights.isEmpty(), "Cannot read class weights %s: it has none", file);
    return new ClassWeighting.PerClass(weights);
  }

  private static void add(CSVRecord row, long line, Path file, Map<String, Double> weights) {
    if (row.size() == 1 && row.get(0).isBlank()) {
      return;
    }
    Check.input(
        row.size() == 2 && row.get(0).chars().noneMatch(Character::isISOControl),
        "Cannot read class weights %s: line %d is not 'name,weight' (quote a name with a comma)",
        file,
        line);
    String name = row.get(0).strip();
    String weight = row.get(1).strip();
    if (row.getRecordNumber() == 1 && weight.equalsIgnoreCase("weight")) {
      return;
    }
    double value;
    try {
      value = Numbers.parseDouble(weight);
    } catch (NumberFormatException e) {
      throw new InputException(
          String.format(
              Locale.ROOT,
              "Cannot read class weights %s: line %d has the weight '%s', which is not a number",
              file,
              line,
              weight),
          e);
    }
    Check.input(
        weights.put(name, value) == null,
        "Cannot read class weights %s: line %d repeats class '%s'",
        file,
        line,
        name);
  }
}
