// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import io.stoker.models.engine.Precision;
import io.stoker.models.onednn.memory.OneDnn;
import java.util.Comparator;
import java.util.stream.Stream;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The widest instruction set that oneDNN uses on this processor; the variables ONEDNN_MAX_CPU_ISA
 * and DNNL_MAX_CPU_ISA of the environment limit it.
 */
public enum InstructionSet {
  SSE41("SSE41", "SSE4.1", dnnl.dnnl_cpu_isa_sse41),
  AVX("AVX", "AVX", dnnl.dnnl_cpu_isa_avx),
  AVX2("AVX2", "AVX2", dnnl.dnnl_cpu_isa_avx2),
  AVX512("AVX512_CORE", "AVX-512", dnnl.dnnl_cpu_isa_avx512_core),
  AVX512_BF16("AVX512_CORE_BF16", "AVX-512 with bfloat16", dnnl.dnnl_cpu_isa_avx512_core_bf16),
  AMX("AVX512_CORE_AMX", "AVX-512 with AMX", dnnl.dnnl_cpu_isa_avx512_core_amx);

  private final String limit;
  private final String text;
  private final int bits;

  InstructionSet(String limit, String text, int bits) {
    this.limit = limit;
    this.text = text;
    this.bits = bits;
  }

  /** The one of this process. */
  public static InstructionSet here() {
    OneDnn.engine(); // loads the library
    return of(dnnl.dnnl_get_effective_cpu_isa());
  }

  /**
   * The widest one that a processor has.
   *
   * @param isa oneDNN's value, in which each instruction set has its bit; a processor with AVX2 and
   *     VNNI has a larger value than one with AMX
   */
  static InstructionSet of(int isa) {
    return Stream.of(values())
        .filter(set -> has(isa, set.bits))
        .max(Comparator.naturalOrder())
        .orElse(SSE41);
  }

  /**
   * Of the instruction sets with which results in a precision are the same as with this one, the
   * narrowest: all with AVX-512 compute fp32 by the same code.
   */
  public InstructionSet deciding(Precision precision) {
    return precision == Precision.FP32 && hasAvx512() ? AVX512 : this;
  }

  /** Whether oneDNN multiplies 8-bit integers by instructions of this processor: VNNI or AMX. */
  public static boolean multipliesBytes() {
    OneDnn.engine(); // loads the library
    return multipliesBytes(dnnl.dnnl_get_effective_cpu_isa());
  }

  /**
   * As {@link #multipliesBytes()}, for any processor.
   *
   * @param isa oneDNN's value, in which each instruction set has its bit
   */
  static boolean multipliesBytes(int isa) {
    return has(isa, dnnl.dnnl_cpu_isa_avx512_core_vnni) || has(isa, dnnl.dnnl_cpu_isa_avx2_vnni);
  }

  private static boolean has(int isa, int bits) {
    return (isa & bits) == bits;
  }

  /** The value of ONEDNN_MAX_CPU_ISA that limits oneDNN to it. */
  public String limit() {
    return limit;
  }

  /** Whether it has AVX-512. */
  public boolean hasAvx512() {
    return compareTo(AVX512) >= 0;
  }

  /** Whether oneDNN has Winograd's convolution for it. */
  public boolean hasWinograd() {
    return hasAvx512();
  }

  /** Whether it multiplies bfloat16 without emulation, which is several times slower than fp32. */
  public boolean hasBfloat16() {
    return compareTo(AVX512_BF16) >= 0;
  }

  @Override
  public String toString() {
    return text;
  }
}
