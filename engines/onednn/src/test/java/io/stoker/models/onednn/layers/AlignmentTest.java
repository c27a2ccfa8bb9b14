// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.stoker.models.onednn.memory.AlignedMemory;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.testing.Instructions;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AlignmentTest {
  private static final Layout LAYOUT = Layout.plain(2, 3);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 15, 16, 17, 1000, 123_457})
  void memoryOfAnySizeIsAlignedAndHasThatSize(long size) {
    try (Workspace workspace = new Workspace()) {
      FloatPointer vector = workspace.allocate(size);
      Tensor tensor = workspace.tensor(Layout.plain(1, size));

      assertThat(vector.address() % AlignedMemory.ALIGNMENT).isZero();
      assertThat(tensor.values().address() % AlignedMemory.ALIGNMENT).isZero();
      assertThat(vector.capacity()).isEqualTo(size);
      assertThat(tensor.buffer().capacity()).isEqualTo(size);
      assertThat(vector.get(size - 1)).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 4, 8, 15, 17})
  void aViewThatDoesNotBeginAtACacheLineIsRefusedByName(long first) {
    try (Workspace workspace = new Workspace()) {
      FloatPointer values = workspace.allocate(64).getPointer(first);

      assertThatIllegalArgumentException()
          .isThrownBy(() -> workspace.view(LAYOUT, values))
          .withMessageStartingWith("Misaligned tensor [2, 3] for a view: its first value is at")
          .withMessageEndingWith("which is no multiple of 64");
      assertThat(workspace.parameters(LAYOUT, values).layout()).isEqualTo(LAYOUT);
    }
  }

  @Test
  void winogradIsNeverGivenAMisalignedTensor() {
    Instructions.AVX512.assume();
    LayerSpec.Convolution layer =
        new LayerSpec.Convolution(32, Window.of(3).padded(1), 1, Initializer.Rule.HE, 0);
    ModelSpec model =
        new ModelSpec(
            "one",
            new Shape(8, 8, 32),
            List.of(layer, new LayerSpec.Dense(2, Initializer.Rule.HE, 0)));
    try (Workspace workspace = new Workspace(placed -> Kernel.WINOGRAD)) {
      FlatVectors vectors = new FlatVectors(workspace, model.parameterCount());
      Tensor images = workspace.tensor(Layout.plain(4, 32, 8, 8));
      CompiledConvolution compiled =
          new CompiledConvolution(
              workspace, vectors, model.placed().get(0), layer, images, Epilogue.NONE);
      PrimitiveDescriptor operation = compiled.operation();
      Tensor aside =
          workspace.parameters(
              operation.source(), workspace.allocate(4 * 32 * 8 * 8 + 64).getPointer(4));

      assertThat(operation.needsAlignment()).isTrue();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> workspace.compile(operation, Map.of(dnnl.DNNL_ARG_SRC, aside)))
          .withMessageStartingWith("Misaligned tensor [4, 32, 8, 8] for jit_wino");
    }
  }
}
