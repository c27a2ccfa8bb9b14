// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.engine.NativeLibraries;
import java.util.Locale;
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
final class OneDnn {
  private static final OneDnn INSTANCE;

  static {
    NativeLibraries.verify("org/bytedeco");
    INSTANCE = new OneDnn();
  }

  private final dnnl_engine engine = new dnnl_engine();
  private final dnnl_primitive_attr attributes;
  private final dnnl_primitive_attr rectifying;
  private final dnnl_primitive_attr adding;

  private OneDnn() {
    Loader.load(dnnl.class);
    check(dnnl.dnnl_engine_create(engine, dnnl.dnnl_cpu, 0), "create a CPU engine");
    attributes = createAttributes();
    rectifying =
        attributes(
            operations ->
                dnnl.dnnl_post_ops_append_eltwise(operations, 1, dnnl.dnnl_eltwise_relu, 0, 0));
    adding = attributes(operations -> dnnl.dnnl_post_ops_append_sum(operations, 1));
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

  private static dnnl_primitive_attr createAttributes() {
    dnnl_primitive_attr created = new dnnl_primitive_attr();
    check(dnnl.dnnl_primitive_attr_create(created), "create attributes");
    // With the library's own scratchpad a primitive may only run in the thread that made it.
    check(
        dnnl.dnnl_primitive_attr_set_scratchpad_mode(created, dnnl.dnnl_scratchpad_mode_user),
        "set the scratchpad mode");
    return created;
  }

  static dnnl_engine engine() {
    return INSTANCE.engine;
  }

  /** The attributes of every primitive, by which the caller provides the scratchpad. */
  static dnnl_primitive_attr attributes() {
    return INSTANCE.attributes;
  }

  /** The attributes of a primitive that applies a rectifier to its result. */
  static dnnl_primitive_attr rectifyingAttributes() {
    return INSTANCE.rectifying;
  }

  /** The attributes of a primitive that adds its result to what is there. */
  static dnnl_primitive_attr addingAttributes() {
    return INSTANCE.adding;
  }

  static String version() {
    dnnl_version_t version = dnnl.dnnl_version();
    return version.major() + "." + version.minor() + "." + version.patch();
  }

  /**
   * @param status the value that a oneDNN function returned
   * @param call what the function should have done, for the message
   * @throws IllegalStateException if it failed
   */
  static void check(int status, String call) {
    if (status != dnnl.dnnl_success) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "oneDNN could not %s: status %d", call, status));
    }
  }
}
