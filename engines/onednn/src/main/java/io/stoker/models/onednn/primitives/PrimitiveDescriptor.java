// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.primitives;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A oneDNN operation, its chosen implementation and the layouts of its tensors. A {@code Workspace}
 * creates and owns it.
 *
 * @param descriptor oneDNN's primitive descriptor
 */
public record PrimitiveDescriptor(dnnl_primitive_desc descriptor) {
  public Layout source() {
    return layout(dnnl.dnnl_query_src_md);
  }

  public Layout destination() {
    return layout(dnnl.dnnl_query_dst_md);
  }

  public Layout weights() {
    return weights(0);
  }

  /** The n-th weights of an operation that has several. */
  public Layout weights(int n) {
    return layout(dnnl.dnnl_query_weights_md, n);
  }

  public Layout sourceGradient() {
    return layout(dnnl.dnnl_query_diff_src_md);
  }

  public Layout destinationGradient() {
    return layout(dnnl.dnnl_query_diff_dst_md);
  }

  public Layout weightsGradient() {
    return weightsGradient(0);
  }

  public Layout weightsGradient(int n) {
    return layout(dnnl.dnnl_query_diff_weights_md, n);
  }

  public Layout workspace() {
    return layout(dnnl.dnnl_query_workspace_md);
  }

  public Layout scratchpad() {
    return layout(dnnl.dnnl_query_scratchpad_md);
  }

  /** oneDNN's name of the chosen implementation, such as {@code jit:avx512_common}. */
  public String implementation() {
    try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
      OneDnn.check(
          dnnl.dnnl_primitive_desc_query(descriptor, dnnl.dnnl_query_impl_info_str, 0, name),
          "name an implementation");
      return name.get(BytePointer.class, 0).getString();
    }
  }

  /**
   * Whether the implementation ends the process where a tensor is not aligned. The reorder of
   * weights into Winograd's form does not.
   */
  public boolean needsAlignment() {
    return implementation().contains("jit_wino");
  }

  private Layout layout(int what) {
    return layout(what, 0);
  }

  private Layout layout(int what, int n) {
    dnnl_memory_desc_t layout = dnnl.dnnl_primitive_desc_query_md(descriptor, what, n);
    return new Layout(layout);
  }
}
