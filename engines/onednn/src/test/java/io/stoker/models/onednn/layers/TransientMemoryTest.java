// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.Network;
import io.stoker.models.onednn.NativeMemory;
import io.stoker.models.onednn.OneDnnEngine;
import io.stoker.models.onednn.memory.AlignedMemory;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class TransientMemoryTest {
  private static final Layout LAYOUT = Layout.plain(2, 50);
  private static final int VALUES = 100;

  @Test
  void tensorsThatAreNeverNeededTogetherShareTheirMemory() {
    try (Workspace workspace = new Workspace()) {
      workspace.beginPlan();
      Tensor first = workspace.transientTensor(LAYOUT);
      workspace.end(first);
      Tensor second = workspace.transientTensor(LAYOUT);
      workspace.endPlan();

      assertThat(second.values().address()).isEqualTo(first.values().address());
    }
  }

  @Test
  void tensorsThatAreNeededTogetherAreApartAndAligned() {
    try (Workspace workspace = new Workspace()) {
      workspace.beginPlan();
      Tensor first = workspace.transientTensor(LAYOUT);
      Tensor second = workspace.transientTensor(LAYOUT);
      workspace.end(first);
      Tensor third = workspace.transientTensor(Layout.plain(3, VALUES));
      workspace.endPlan();
      fill(first, 1);
      fill(second, 2);
      assertHas(first, 1);

      fill(third, 3);

      assertHas(second, 2);
      assertThat(third.buffer().capacity()).isEqualTo(3 * VALUES);
      assertThat(second.values().address() % AlignedMemory.ALIGNMENT).isZero();
    }
  }

  @Test
  void aViewMovesWithItsTensor() {
    try (Workspace workspace = new Workspace()) {
      workspace.beginPlan();
      Tensor tensor = workspace.transientTensor(LAYOUT);
      Tensor view = workspace.view(Layout.plain(VALUES), tensor);
      workspace.endPlan();
      workspace.beginPlan();
      workspace.transientTensor(Layout.plain(10, VALUES));
      workspace.endPlan();

      fill(tensor, 7);

      assertHas(view, 7);
    }
  }

  @Test
  void aPartMovesWithItsTensor() {
    try (Workspace workspace = new Workspace()) {
      workspace.beginPlan();
      workspace.transientTensor(LAYOUT);
      Tensor tensor = workspace.transientTensor(LAYOUT);
      Tensor second = workspace.examples(tensor, 1, 1);
      workspace.endPlan();
      workspace.beginPlan();
      workspace.transientTensor(Layout.plain(10, VALUES));
      workspace.endPlan();

      assertThat(second.values().address())
          .isEqualTo(tensor.values().address() + VALUES / 2 * Float.BYTES);
    }
  }

  @Test
  void onlyTheKeptTensorOutlivesItsLayer() {
    try (Workspace workspace = new Workspace()) {
      workspace.beginPlan();
      int moment = workspace.moment();
      Tensor kept = workspace.transientTensor(LAYOUT);
      Tensor dropped = workspace.transientTensor(LAYOUT);
      workspace.endAllSince(moment, kept);
      Tensor next = workspace.transientTensor(LAYOUT);
      workspace.endPlan();

      assertThat(next.values().address())
          .isEqualTo(dropped.values().address())
          .isNotEqualTo(kept.values().address());
    }
  }

  @Test
  void gradientsOfADeepModelTakeLittleMemory() {
    ModelSpec model = Zoo.model("resnet-56", 10);
    long before = NativeMemory.allocated();
    float[] images = new float[8 * model.input().features()];
    try (Network network = new OneDnnEngine().create(model, 8)) {
      network.activations(images, 8, 0, new float[images.length]); // compiles the forward pass
      long forward = NativeMemory.allocated() - before;

      network.computeGradients(images, new float[80], 8, 0);

      assertThat(NativeMemory.allocated() - before - forward - 4 * model.parameterCount())
          .isLessThan(forward / 4);
    }
  }

  private static void fill(Tensor tensor, float value) {
    for (int i = 0; i < tensor.buffer().capacity(); i++) {
      tensor.buffer().put(i, value);
    }
  }

  private static void assertHas(Tensor tensor, float value) {
    for (int i = 0; i < VALUES; i++) {
      assertThat(tensor.buffer().get(i)).isEqualTo(value);
    }
  }
}
