// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.stoker.driver.config.Preset;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SearchSpaceTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lerning-rate: {from: 1, to: 2}|unknown option 'lerning-rate'; did you mean",
        "momentum: {from: 0.9, to: 0.9}|the range of 'momentum' is empty: 0.9 to 0.9",
        "momentum: {from: 0.9, to: 0.1}|the range of 'momentum' is empty: 0.9 to 0.1",
        "learning-rate: {from: 0, to: 1, scale: log}|'learning-rate' begins at 0, and a log scale",
        "learning-rate: {from: -1, to: 1, scale: log}|'learning-rate' begins at -1, and a log"
            + " scale",
        "learning-rate: {from: 0.1, to: 1, scale: lgo}|unknown scale 'lgo' of 'learning-rate'",
        "learning-rate: {from: 0.1, too: 1}|unknown key 'too' of 'learning-rate'; did you mean",
        "batch: {from: 0.5, to: 4}|'batch' needs two integers: {from: X, to: Y}",
        "seed: {from: 1, to: 99999999999999999999}|'seed' is out of range of long: 1 to"
            + " 99999999999999999999",
        "seed: {from: -99999999999999999999, to: 1}|'seed' is out of range of long: ",
        "model: {from: 1, to: 2}|'model' has no range: it is no number (say '[A, B]')",
        "model: [lenet5]|'model' needs at least two values",
        "model: [lenet5, lenet5]|'model' has a value twice",
        "run: [a, b]|'run' is not for a space (tune sets it, or does not need it)",
        "work-by-speed: [true, false]|'work-by-speed' is not for a space (tune sets it, or does not need it)",
        "quorum: [0.5, 1]|'quorum' is not for a space (tune sets it, or does not need it)",
        "replay: [a, b]|'replay' is not for a space (tune sets it, or does not need it)",
        "epochs: [1, 2]|'epochs' is one whole number",
        "epochs: ten|'epochs' is one whole number",
        "epochs: 7.9|'epochs' is one whole number",
        "epochs: 4294967299|'epochs' is one whole number",
        "batch: 3|no option varies",
        "bias_rate: [1, 2]\\nbias-rate: [1, 3]|'bias-rate' is there twice",
        "batch: [1, 2]\\nbatch: [1, 3]|batch",
        "just text|it must be 'option: values' lines"
      })
  void aSpaceThatIsNoneIsRefused(String text, String reason) throws IOException {
    Path file = Files.writeString(folder.resolve("space.yaml"), text.replace("\\n", "\n"));

    assertThatThrownBy(() -> SearchSpace.read(file, Optional.empty()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("space.yaml: ")
        .hasMessageContaining(reason);
  }

  @Test
  void optionsOfAFileTakeThePlaceOfThoseOfAPreset() throws IOException {
    String text = "learning_rate: 0.1\naugment: [none, flip]\nmodel: [lenet5, resnet-20]\n";
    Path file = Files.writeString(folder.resolve("space.yaml"), text);

    ObjectNode tree = SearchSpace.read(file, Optional.of(Preset.named("fast")));

    assertThat(SearchSpace.of(tree).names())
        .containsExactly("weight-decay", "label-smoothing", "augment", "model");
    assertThat(SearchSpace.of(tree).fixed().path("learning-rate").doubleValue()).isEqualTo(0.1);
    assertThat(SearchSpace.of(tree).fixed().path("schedule").textValue()).isEqualTo("one-cycle");
    assertThatThrownBy(() -> SearchSpace.read(file, Optional.of(Preset.named("transfer"))))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Preset transfer needs 'init' in --space: ");
  }

  @Test
  void aRangeMayBeWiderThanTheLargestFactor() {
    Dimension range = new Dimension.Range("learning-rate", 1e-300, 1e300, false, true);

    assertThat(range.at(0).doubleValue()).isEqualTo(1e-300);
    assertThat(range.at(0.5).doubleValue()).isEqualTo(1);
  }

  @Test
  void theValueAtAPositionIsAtThatPosition() {
    List<Dimension> dimensions =
        List.of(
            new Dimension.Range("momentum", 0.5, 0.9, false, false),
            new Dimension.Range("learning-rate", 1e-4, 1, false, true),
            new Dimension.Range("batch", 100, 1000, true, true),
            new Dimension.Choice("model", List.of(TextNode.valueOf("a"), TextNode.valueOf("b"))));

    for (Dimension dimension : dimensions) {
      double most = dimension instanceof Dimension.Choice ? 0.5 / 2 + 0.01 : 0.003;
      for (double position : new double[] {0.01, 0.5, 0.6, 0.99}) {
        double again = dimension.position(dimension.at(position));
        assertThat(again).as(dimension.name()).isCloseTo(position, within(most));
      }
    }
  }
}
