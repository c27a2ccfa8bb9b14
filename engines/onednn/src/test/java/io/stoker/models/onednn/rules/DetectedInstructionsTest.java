// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.testing.Instructions;
import org.junit.jupiter.api.Test;

/** Without this test, tests of Winograd's convolution and of bfloat16 could compute directly. */
class DetectedInstructionsTest {
  @Test
  void seesWhatTheProcessorHas() {
    assertThat(InstructionSet.here().hasWinograd()).isEqualTo(Instructions.AVX512.arePresent());
    assertThat(InstructionSet.here().hasBfloat16())
        .isEqualTo(Instructions.AVX512_BF16.arePresent());
  }
}
