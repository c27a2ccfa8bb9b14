// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.driver.command.Console;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/** Runs commands in this process, with Spark configured as spark-submit does it. */
public final class Commands {
  private static final int SIDE = 12;

  private final Map<String, String> properties = new TreeMap<>();

  /** On two threads of this process. */
  public Commands() {
    properties.put("spark.master", "local[2]");
    properties.put("spark.ui.enabled", "false");
    properties.put("spark.driver.bindAddress", "127.0.0.1");
  }

  /** The same with a configuration key set. */
  public Commands with(String key, Object value) {
    Commands other = new Commands();
    other.properties.putAll(properties);
    other.properties.put(key, value.toString());
    return other;
  }

  /** How a command ended, and all that it said. */
  public record Outcome(int exitCode, String out, String err) {
    /** What the command printed, which must have ended with 0. */
    public JsonNode json() {
      assertThat(exitCode).as(err).isZero();
      try {
        return new ObjectMapper().readTree(out);
      } catch (JsonProcessingException e) {
        throw new AssertionError(out, e);
      }
    }

    /** Bad input is one line, with a reason, and exit code 2. */
    void assertRefused(String reason) {
      assertThat(exitCode).as(err).isEqualTo(2);
      assertThat(err.lines()).as(err).hasSize(1);
      assertThat(err).contains(reason);
    }
  }

  /** Runs a command of words without blanks. */
  public Outcome run(String command) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    properties.forEach(System::setProperty);
    try {
      int exitCode =
          new Cli(new Console(new PrintWriter(out), new PrintWriter(err), false, false))
              .run(command.split(" "));
      return new Outcome(exitCode, out.toString(), err.toString());
    } finally {
      properties.keySet().forEach(System::clearProperty);
    }
  }

  /** Runs a command with {@code --json}, which must end with 0. */
  public JsonNode json(String command) {
    return run(command + " --json").json();
  }

  /** Writes images of two classes: light above, and light to the left. */
  public static void writeImages(Path folder, int perClass) throws IOException {
    SplittableRandom random = new SplittableRandom(7);
    for (String name : new String[] {"above", "left"}) {
      Path target = Files.createDirectories(folder.resolve(name));
      for (int i = 0; i < perClass; i++) {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
        for (int at = 0; at < SIDE * SIDE; at++) {
          int x = at % SIDE;
          int y = at / SIDE;
          boolean light = (name.equals("above") ? y : x) < SIDE / 2;
          image.getRaster().setSample(x, y, 0, (light ? 180 : 60) + random.nextInt(-60, 61));
        }
        ImageIO.write(image, "png", target.resolve(i + ".png").toFile());
      }
    }
  }
}
