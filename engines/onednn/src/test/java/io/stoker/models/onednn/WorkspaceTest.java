// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class WorkspaceTest {
  private static ModelSpec dense(int units) {
    return new ModelSpec(
        "dense",
        Shape.vector(1 << 20),
        List.of(new LayerSpec.Dense(units, Initializer.Rule.GLOROT, 0)));
  }

  @Test
  void aNetworkThatDoesNotFitSaysWhatItNeedsAndGivesBackWhatItTook() {
    long before = NativeMemory.allocated();
    int units = Math.toIntExact((Pointer.maxBytes() / Float.BYTES) >> 20) + 1;

    assertThatExceptionOfType(ResourceException.class)
        .isThrownBy(() -> new OneDnnEngine().create(dense(units), 1))
        .withMessageContaining("Cannot allocate")
        .withMessageContaining("maxbytes")
        .withNoCause(); // An executor would end itself for an error among the causes.

    assertThat(Pointer.totalBytes() - before).isLessThan(1 << 16);
  }

  @Test
  void aClosedNetworkLeavesNoNativeMemory() {
    long before = NativeMemory.allocated();
    var network = new OneDnnEngine().create(dense(2), 3);
    network.computeGradients(new float[3 << 20], new float[6], 3, 0);

    network.close();

    assertThat(Pointer.totalBytes() - before).isLessThan(1 << 16);
  }

  @Tag("slow")
  @Test
  void aThousandStepsLeaveTheMemoryAsItWas() {
    try (Network network = new OneDnnEngine().create(Zoo.model("lenet5-modern", 10), 4)) {
      takeSteps(network, 100);
      long allocated = NativeMemory.allocated();
      long resident = Pointer.physicalBytes();

      takeSteps(network, 1000);

      assertThat(NativeMemory.allocated() - allocated).isLessThan(1 << 16);
      assertThat(Pointer.physicalBytes() - resident).isLessThan(48 << 20);
    }
  }

  /** Every tenth batch is smaller, for which the network is compiled again. */
  private static void takeSteps(Network network, int steps) {
    float[] images = new float[4 * 28 * 28];
    float[] targets = new float[4 * 10];
    for (int step = 0; step < steps; step++) {
      int examples = step % 10 == 0 ? 1 + step / 10 % 3 : 4;
      network.computeGradients(images, targets, examples, step);
      network.update(new StepSettings(0.01f, 0.9f, 0.01f));
    }
  }
}
