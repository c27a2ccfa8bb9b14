// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import org.bytedeco.dnnl.global.dnnl;

/**
 * The widest instruction set that oneDNN uses on this processor; the variable DNNL_MAX_CPU_ISA of
 * the environment limits it.
 */
enum InstructionSet {
  SSE41("SSE4.1 or AVX"),
  AVX2("AVX2"),
  AVX512("AVX-512"),
  AVX512_BF16("AVX-512 with bfloat16"),
  AMX("AVX-512 with AMX");

  private final String text;

  InstructionSet(String text) {
    this.text = text;
  }

  /** The one of this process. */
  static InstructionSet here() {
    OneDnn.engine(); // loads the library
    int set = dnnl.dnnl_get_effective_cpu_isa();
    if (set >= dnnl.dnnl_cpu_isa_avx512_core_amx) {
      return AMX;
    } else if (set >= dnnl.dnnl_cpu_isa_avx512_core_bf16) {
      return AVX512_BF16;
    } else if (set >= dnnl.dnnl_cpu_isa_avx512_core) {
      return AVX512;
    }
    return set >= dnnl.dnnl_cpu_isa_avx2 ? AVX2 : SSE41;
  }

  /** Whether it has AVX-512. */
  boolean hasAvx512() {
    return compareTo(AVX512) >= 0;
  }

  /** Whether oneDNN has Winograd's convolution for it. */
  boolean hasWinograd() {
    return hasAvx512();
  }

  /** Whether it multiplies bfloat16 without emulation, which is several times slower than fp32. */
  boolean hasBfloat16() {
    return compareTo(AVX512_BF16) >= 0;
  }

  @Override
  public String toString() {
    return text;
  }
}
