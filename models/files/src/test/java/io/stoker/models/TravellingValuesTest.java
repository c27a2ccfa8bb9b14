// SPDX-License-Identifier: Apache-2.0
package io.stoker.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.engine.ClassWeights;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.spec.EveryLayer;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.models.zoo.Zoo;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The values that Spark sends to executors, which it serializes as Java does. */
class TravellingValuesTest {
  static Stream<Serializable> values() {
    ModelSpec every = EveryLayer.model();
    return Stream.of(
            Stream.of(
                every,
                new StepSettings(
                    0.1f, 0.9f, StepSettings.Momentum.NESTEROV, 5e-4f, StepSettings.UNCLIPPED),
                new TrainingClock(1, 2, 3, 4, 5),
                RateMultipliers.of(every, 2, 2),
                new ClassWeights(List.of(1f, 2f)),
                new ModelMetadata(
                    every,
                    new Shape(9, 9, 2),
                    List.of("a", "b", "c"),
                    List.of(1.0, 2.0),
                    List.of(3.0, 4.0),
                    TrainingClock.START),
                new Quantization(new TreeMap<>(Map.of("1.2", new Quantization.Range(2, true)))),
                new Window(3, 2, 1, new Padding(0, 1, 2, 3)),
                new Initializer.Gaussian(0.01f)),
            every.layers().stream(),
            Zoo.names().stream().map(name -> Zoo.model(name, 10)))
        .flatMap(each -> each);
  }

  @ParameterizedTest
  @MethodSource("values")
  void arriveAsTheyWere(Serializable value) throws Exception {
    assertThat(read(write(value))).isEqualTo(value).hasSameHashCodeAs(value);
  }

  /** A model goes with every task; the largest of the zoo stays small on the way. */
  @Test
  void aModelIsSmall() throws IOException {
    assertThat(write(Zoo.model("alexnet", 1000))).hasSizeLessThan(4096);
  }

  @Test
  void areCheckedAgainOnArrival() throws IOException {
    byte[] bytes = write(new LayerSpec.Dense(0x01020304, Initializer.Rule.HE, 0));
    byte[] units = {1, 2, 3, 4};
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int place = text.indexOf(new String(units, StandardCharsets.ISO_8859_1));
    Arrays.fill(bytes, place, place + units.length, (byte) 0xff);

    assertThatThrownBy(() -> read(bytes))
        .hasRootCauseInstanceOf(InputException.class)
        .hasStackTraceContaining("Invalid units: -1");
  }

  private static byte[] write(Serializable value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream stream = new ObjectOutputStream(bytes)) {
      stream.writeObject(value);
    }
    return bytes.toByteArray();
  }

  private static Object read(byte[] bytes) throws Exception {
    try (ObjectInputStream stream = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      return stream.readObject();
    }
  }
}
