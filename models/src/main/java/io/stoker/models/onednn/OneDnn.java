// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.engine.NativeLibraries;
import java.util.Locale;
import org.bytedeco.dnnl.dnnl_engine;
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
  private final dnnl_primitive_attr attributes = new dnnl_primitive_attr();

  private OneDnn() {
    Loader.load(dnnl.class);
    check(dnnl.dnnl_engine_create(engine, dnnl.dnnl_cpu, 0), "create a CPU engine");
    check(dnnl.dnnl_primitive_attr_create(attributes), "create attributes");
    // With the library's own scratchpad a primitive may only run in the thread that made it.
    check(
        dnnl.dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl.dnnl_scratchpad_mode_user),
        "set the scratchpad mode");
  }

  static dnnl_engine engine() {
    return INSTANCE.engine;
  }

  /** The attributes of every primitive, by which the caller provides the scratchpad. */
  static dnnl_primitive_attr attributes() {
    return INSTANCE.attributes;
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
