// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.spec.EveryLayer;
import io.stoker.models.spec.ModelSpec;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** No kind of layer is lost in a model file, and none is refused by the check of its classes. */
class EveryLayerTest {
  @Test
  void isWrittenVerifiedAndReadBack() throws IOException {
    ModelSpec model = EveryLayer.model();

    ModelFile file = SampleModels.verify(SampleModels.bytes(SampleModels.writer(model)));

    assertThat(file.metadata()).isEqualTo(SampleModels.metadata(model));
    assertThat(file.parameters().count()).isEqualTo(model.parameterCount());
  }
}
