// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.Precision;
import org.bytedeco.dnnl.global.dnnl;
import org.junit.jupiter.api.Test;

class InstructionSetTest {
  @Test
  void isTheWidestOfWhichTheProcessorHasAllBits() {
    assertThat(InstructionSet.of(dnnl.dnnl_cpu_isa_sse41)).isEqualTo(InstructionSet.SSE41);
    assertThat(InstructionSet.of(dnnl.dnnl_cpu_isa_avx)).isEqualTo(InstructionSet.AVX);
    assertThat(InstructionSet.of(dnnl.dnnl_cpu_isa_avx2_vnni)).isEqualTo(InstructionSet.AVX2);
    assertThat(InstructionSet.of(dnnl.dnnl_cpu_isa_avx512_core_vnni))
        .isEqualTo(InstructionSet.AVX512);
    assertThat(InstructionSet.of(dnnl.dnnl_cpu_isa_avx512_core_amx)).isEqualTo(InstructionSet.AMX);
  }

  @Test
  void vnniAndAmxMultiplyBytes() {
    assertThat(InstructionSet.multipliesBytes(dnnl.dnnl_cpu_isa_avx512_core_vnni)).isTrue();
    assertThat(InstructionSet.multipliesBytes(dnnl.dnnl_cpu_isa_avx2_vnni)).isTrue();
    assertThat(InstructionSet.multipliesBytes(dnnl.dnnl_cpu_isa_avx512_core_bf16)).isTrue();
    assertThat(InstructionSet.multipliesBytes(dnnl.dnnl_cpu_isa_avx512_core_amx)).isTrue();
    assertThat(InstructionSet.multipliesBytes(dnnl.dnnl_cpu_isa_avx512_core)).isFalse();
    assertThat(InstructionSet.multipliesBytes(dnnl.dnnl_cpu_isa_avx2)).isFalse();
    assertThat(InstructionSet.multipliesBytes(dnnl.dnnl_cpu_isa_sse41)).isFalse();
  }

  @Test
  void ofWiderOnesThanAvx512OnlyBfloat16Depends() {
    assertThat(InstructionSet.AMX.deciding(Precision.FP32)).isEqualTo(InstructionSet.AVX512);
    assertThat(InstructionSet.AMX.deciding(Precision.BF16)).isEqualTo(InstructionSet.AMX);
    assertThat(InstructionSet.AVX.deciding(Precision.FP32)).isEqualTo(InstructionSet.AVX);
  }
}
