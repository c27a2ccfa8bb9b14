// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.memory;

import io.stoker.base.library.NativeLibraries;
import io.stoker.models.engine.OpenMp;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.ToIntFunction;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;

/**
 * The process's oneDNN: its CPU engine and its version. Created at first use, shared, never closed.
 */
public final class OneDnn {
  private static final OneDnn INSTANCE;
  private static final String LIMIT = "ONEDNN_MAX_CPU_ISA";
  private static final String EARLIER_LIMIT = "DNNL_MAX_CPU_ISA";

  static {
    NativeLibraries.verify("org/bytedeco");
    INSTANCE = new OneDnn();
  }

  private final OpenMp openMp;
  private final dnnl_engine engine = new dnnl_engine();
  private final dnnl_primitive_attr attributes;
  private final dnnl_primitive_attr rectifying;
  private final dnnl_primitive_attr adding;
  private final dnnl_primitive_attr addingAndRectifying;

  private OneDnn() {
    openMp = new OpenMp(Loader.load(dnnl.class));
    openMp.useOneThread();
    decideArithmetic();
    check(dnnl.dnnl_engine_create(engine, dnnl.dnnl_cpu, 0), "create a CPU engine");
    attributes = createAttributes();
    rectifying = attributes(operations -> append(operations, OptionalDouble.empty(), true));
    adding = attributes(operations -> append(operations, OptionalDouble.of(1), false));
    addingAndRectifying = attributes(operations -> append(operations, OptionalDouble.of(1), true));
  }

  /**
   * Sets what variables of the environment otherwise decide, and Stoker has no use for: products of
   * fp32 in less precision, and narrower vectors than the instruction set has. The instruction sets
   * of Xeon Phi count as AVX2: oneDNN would use their code for AVX-512, and report AVX2. Where
   * another library of this process has used oneDNN before, it is too late, and oneDNN refuses.
   */
  private static void decideArithmetic() {
    dnnl.dnnl_set_default_fpmath_mode(dnnl.dnnl_fpmath_mode_strict);
    dnnl.dnnl_set_cpu_isa_hints(dnnl.dnnl_cpu_isa_no_hints);
    if (limit().toUpperCase(Locale.ROOT).startsWith("AVX512_MIC")) {
      dnnl.dnnl_set_max_cpu_isa(dnnl.dnnl_cpu_isa_avx2);
    }
  }

  /** The variable that limits the instruction set; blank if it is not set. */
  private static String limit() {
    return System.getenv().getOrDefault(LIMIT, System.getenv().getOrDefault(EARLIER_LIMIT, ""));
  }

  /**
   * Attributes of a primitive that does something with its result.
   *
   * @param append appends what it does; returns oneDNN's status
   */
  private static dnnl_primitive_attr attributes(ToIntFunction<dnnl_post_ops> append) {
    dnnl_primitive_attr created = createAttributes();
    dnnl_post_ops operations = new dnnl_post_ops();
    check(dnnl.dnnl_post_ops_create(operations), "create operations after another");
    check(append.applyAsInt(operations), "append an operation");
    check(dnnl.dnnl_primitive_attr_set_post_ops(created, operations), "set operations");
    dnnl.dnnl_post_ops_destroy(operations);
    return created;
  }

  /**
   * Attributes of a primitive that multiplies its result; the caller destroys them.
   *
   * @param scales the factors
   * @param mask a bit for each dimension that has factors of its own; 0 with one factor
   * @param summand the factor of what is there, to which the product is added; empty if it is not
   * @param rectified whether a rectifier is applied after that
   */
  public static dnnl_primitive_attr scalingAttributes(
      float[] scales, int mask, OptionalDouble summand, boolean rectified) {
    dnnl_primitive_attr created = attributes(operations -> append(operations, summand, rectified));
    check(
        dnnl.dnnl_primitive_attr_set_output_scales(created, scales.length, mask, scales),
        "set scales");
    return created;
  }

  private static int append(dnnl_post_ops operations, OptionalDouble summand, boolean rectified) {
    int status = dnnl.dnnl_success;
    if (summand.isPresent()) {
      status = dnnl.dnnl_post_ops_append_sum(operations, (float) summand.getAsDouble());
    }
    return rectified && status == dnnl.dnnl_success
        ? dnnl.dnnl_post_ops_append_eltwise(operations, 1, dnnl.dnnl_eltwise_relu, 0, 0)
        : status;
  }

  private static dnnl_primitive_attr createAttributes() {
    dnnl_primitive_attr created = new dnnl_primitive_attr();
    check(dnnl.dnnl_primitive_attr_create(created), "create attributes");
    // With the library's own scratchpad a primitive may only run in the thread that made it.
    check(
        dnnl.dnnl_primitive_attr_set_scratchpad_mode(created, dnnl.dnnl_scratchpad_mode_user),
        "set the scratchpad mode");
    return created;
  }

  public static dnnl_engine engine() {
    return INSTANCE.engine;
  }

  /** From now on, primitives that this thread chooses, compiles or runs use one thread. */
  public static void useOneThread() {
    INSTANCE.openMp.useOneThread();
  }

  /** The attributes of every primitive, by which the caller provides the scratchpad. */
  public static dnnl_primitive_attr attributes() {
    return INSTANCE.attributes;
  }

  /** The attributes of a primitive that applies a rectifier to its result. */
  public static dnnl_primitive_attr rectifyingAttributes() {
    return INSTANCE.rectifying;
  }

  /** The attributes of a primitive that adds its result to what is there. */
  public static dnnl_primitive_attr addingAttributes() {
    return INSTANCE.adding;
  }

  /**
   * The attributes of a primitive that adds its result to what is there, and applies a rectifier to
   * the sum.
   */
  public static dnnl_primitive_attr addingAndRectifyingAttributes() {
    return INSTANCE.addingAndRectifying;
  }

  /** The version of the library, such as 2.5.2. */
  public static String version() {
    dnnl_version_t version = dnnl.dnnl_version();
    return version.major() + "." + version.minor() + "." + version.patch();
  }

  /**
   * Requires that a function of the library has succeeded.
   *
   * @param status the value that a oneDNN function returned
   * @param call what the function should have done, for the message
   * @throws IllegalStateException if it failed
   */
  public static void check(int status, String call) {
    if (status != dnnl.dnnl_success) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "oneDNN could not %s: status %d", call, status));
    }
  }
}
