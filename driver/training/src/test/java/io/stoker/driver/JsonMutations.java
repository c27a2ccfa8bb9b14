// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Files that are nearly what Stoker wrote: a valid one with a value of another type, a field that
 * is missing or appears twice, bytes that are changed, cut or added. Equal seeds give equal files.
 */
public final class JsonMutations {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What stands in the place of each value in turn. */
  private static final List<String> VALUES =
      List.of(
          "null",
          "{}",
          "[]",
          "[null]",
          "\"\"",
          "\"x\"",
          "\"\\u0000\\u001b[31m\"",
          "true",
          "0",
          "-1",
          "1.5",
          "1e400",
          "2147483647",
          "2147483648",
          "-9223372036854775808",
          "9223372036854775808",
          "\"NaN\"",
          "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");

  private final byte[] valid;
  private final Random random;
  private final List<Mutation> mutations = new ArrayList<>();

  /**
   * A changed file.
   *
   * @param name what was changed
   * @param content the file's bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Mutation(String name, byte[] content) {
    @Override
    public String toString() {
      return name;
    }
  }

  private JsonMutations(byte[] valid, long seed) {
    this.valid = valid;
    this.random = new Random(seed);
  }

  /**
   * Changes a file in many ways.
   *
   * @param valid a valid file, a JSON object
   * @param seed of the choice
   * @param count how many changed files at most
   */
  public static List<Mutation> of(byte[] valid, long seed, int count) throws IOException {
    JsonMutations made = new JsonMutations(valid, seed);
    made.changeValues();
    made.changeBytes();
    Collections.shuffle(made.mutations, made.random);
    List<Mutation> all = new ArrayList<>(made.whole());
    all.addAll(made.mutations.subList(0, Math.min(count, made.mutations.size())));
    return all;
  }

  /** Files that have nothing of the valid one, or more than it. */
  private List<Mutation> whole() {
    List<Mutation> whole = new ArrayList<>();
    VALUES.forEach(value -> whole.add(new Mutation("only " + value, bytes(value))));
    whole.add(new Mutation("empty", new byte[0]));
    whole.add(new Mutation("blank", bytes(" \n\t ")));
    whole.add(new Mutation("no JSON", bytes("oops")));
    whole.add(new Mutation("NUL bytes", new byte[valid.length]));
    whole.add(new Mutation("deep arrays", bytes("[".repeat(100_000))));
    whole.add(new Mutation("deep objects", bytes("{\"a\":".repeat(100_000))));
    whole.add(new Mutation("a long number", bytes("9".repeat(50_000))));
    whole.add(new Mutation("a long text", bytes("\"" + "x".repeat(60_000) + "\"")));
    whole.add(new Mutation("twice", concatenated(valid, valid)));
    whole.add(new Mutation("garbage after the end", concatenated(valid, bytes("}"))));
    whole.add(
        new Mutation(
            "UTF-16", new String(valid, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_16)));
    whole.add(new Mutation("invalid UTF-8", concatenated(valid, new byte[] {(byte) 0xc3, 0x28})));
    return whole;
  }

  private void changeValues() throws IOException {
    JsonNode tree = JSON.readTree(valid);
    changeValues(tree, tree, "");
  }

  private void changeValues(JsonNode root, JsonNode node, String path) throws IOException {
    if (node instanceof ObjectNode object) {
      List<String> names = new ArrayList<>();
      object.fieldNames().forEachRemaining(names::add);
      for (String name : names) {
        JsonNode value = object.get(name);
        String place = path + "/" + name;
        for (String other : VALUES) {
          object.set(name, JSON.readTree(other));
          add(place + " = " + other, root);
        }
        object.remove(name);
        add(place + " is missing", root);
        object.set(name, value);
        duplicate(root, object, name, place);
        changeValues(root, value, place);
      }
      object.put("no_such_field", 1);
      add(path + " has a field more", root);
      object.remove("no_such_field");
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < Math.min(2, array.size()); i++) {
        JsonNode value = array.get(i);
        for (String other : VALUES) {
          array.set(i, JSON.readTree(other));
          add(path + "[" + i + "] = " + other, root);
        }
        array.set(i, value);
        changeValues(root, value, path + "[" + i + "]");
      }
    }
  }

  /** Jackson's trees cannot hold a name twice: it is renamed in the text. */
  private void duplicate(JsonNode root, ObjectNode object, String name, String place)
      throws IOException {
    object.set("duplicate_of_it", object.get(name));
    String text = JSON.writeValueAsString(root);
    object.remove("duplicate_of_it");
    mutations.add(
        new Mutation(place + " appears twice", bytes(text.replace("duplicate_of_it", name))));
  }

  private void add(String name, JsonNode root) throws IOException {
    mutations.add(new Mutation(name, JSON.writeValueAsBytes(root)));
  }

  private void changeBytes() {
    List<String> tokens = List.of("{", "}", "[", "]", ",", ":", "\"", "null", "-", "e9", "\\u");
    for (int i = 0; i < 200; i++) {
      int at = random.nextInt(valid.length);
      mutations.add(new Mutation("cut at byte " + at, Arrays.copyOf(valid, at)));
      byte[] flipped = valid.clone();
      flipped[at] ^= (byte) (1 << random.nextInt(8));
      mutations.add(new Mutation("a bit flipped in byte " + at, flipped));
      String token = tokens.get(random.nextInt(tokens.size()));
      mutations.add(
          new Mutation(
              token + " added at byte " + at,
              concatenated(
                  Arrays.copyOf(valid, at),
                  concatenated(bytes(token), Arrays.copyOfRange(valid, at, valid.length)))));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] concatenated(byte[] first, byte[] second) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(first);
    bytes.writeBytes(second);
    return bytes.toByteArray();
  }
}
