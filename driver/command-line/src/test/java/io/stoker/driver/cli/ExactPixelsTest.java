// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model remembers whether the photos that it was trained on were decoded in full. */
@Tag("slow")
class ExactPixelsTest {
  /** Large enough for {@code lenet5} to take them at a quarter. */
  private static final ImageShape PHOTO = new ImageShape(240, 260, 1);

  @TempDir Path folder;

  private final Commands commands = new Commands();

  private String in(String command) {
    return command.replace("DIR", folder.toString());
  }

  private void train(String run, String prepareOption) throws IOException {
    Random random = new Random(1);
    for (String name : new String[] {"ant/1", "ant/2", "bee/1", "bee/2"}) {
      byte[] values = new byte[PHOTO.bytes()];
      random.nextBytes(values);
      Path file = folder.resolve("photos/" + name + ".jpg");
      Files.createDirectories(file.getParent());
      Files.write(file, ImageCodec.encodeJpeg(new Pixels(PHOTO, values), 95));
    }
    commands.json(
        in("prepare --input DIR/photos --output DIR/data-" + run)
            + " --channels 1 --size 28 --split train=1 --max-rejected 0"
            + prepareOption);
    commands.json(
        in("train --data DIR/data-RUN --run DIR/RUN --model lenet5 --batch 2 --workers 1")
            .replace("RUN", run));
  }

  private JsonNode predictions(String arguments) {
    return commands
        .json(in("predict DIR/photos/bee/1.jpg --checkpoint DIR/" + arguments))
        .get("predictions");
  }

  @Test
  void predictDecodesAsTheTrainingDataWereDecoded() throws IOException {
    train("exact", " --exact-pixels");

    JsonNode exact = predictions("exact");

    assertThat(Files.readString(folder.resolve("data-exact/manifest.json")))
        .contains("\"exactPixels\" : true");
    assertThat(commands.json(in("inspect --data DIR/data-exact")).get("exact_pixels").asBoolean())
        .isTrue();
    assertThat(predictions("exact --exact-pixels")).isEqualTo(exact);
    for (String format : new String[] {"onnx", "safetensors"}) {
      commands.json(
          in("export --checkpoint DIR/exact --output DIR/m." + format + " --format " + format));
      JsonNode imported =
          commands.json(
              in("import --output DIR/" + format + ".zip --weights DIR/m." + format)
                  + (format.equals("onnx") ? "" : " --model lenet5"));
      assertThat(imported.get("exact_pixels").asBoolean()).as(format).isTrue();
      assertThat(predictions(format + ".zip")).as(format).isEqualTo(exact);
    }
  }

  @Test
  void theOptionAsksForExactPixelsOfAnyModel() throws IOException {
    train("scaled", "");

    assertThat(Files.readString(folder.resolve("data-scaled/manifest.json")))
        .doesNotContain("exactPixels");
    assertThat(predictions("scaled --exact-pixels")).isNotEqualTo(predictions("scaled"));
  }
}
