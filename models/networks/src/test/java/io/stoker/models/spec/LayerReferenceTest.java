// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.zoo.Zoo;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayerReferenceTest {
  private final ModelSpec model = Zoo.model("lenet5-modern", 10);

  @Test
  void takesWhatTheTablePrints() {
    List<String> lines = ModelTable.of(model).lines().toList();
    for (ModelSpec.Placed placed : model.placed()) {
      String line = lines.get(placed.index() + 2).strip();
      assertThat(line).contains(placed.layer().label());
      assertThat(LayerReference.find(model, line.substring(0, line.indexOf(' '))))
          .containsExactly(placed);
    }
    String last = model.layers().get(model.layers().size() - 1).label();
    assertThat(LayerReference.find(model, last))
        .containsExactly(model.placed().get(model.layers().size() - 1));
  }

  @Test
  void saysWhatItCannotFindOrTell() {
    assertThatThrownBy(() -> LayerReference.find(model, "0"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid layer: 0 (model lenet5-modern has layers 1 to");
    assertThatThrownBy(() -> LayerReference.find(model, "dense 11"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("did you mean 'dense 10'?");
    assertThatThrownBy(() -> LayerReference.find(model, "relu"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("several layers 'relu': say which by its number (");
  }
}
