// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.primitives;

import io.stoker.models.onednn.memory.OneDnn;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;

/**
 * A compiled oneDNN operation with its tensors. A {@code Workspace} creates and owns it.
 *
 * @param primitive the compiled operation
 * @param stream the stream on which it runs
 * @param arguments its tensors
 * @param argumentCount the number of tensors
 */
public record Primitive(
    dnnl_primitive primitive, dnnl_stream stream, dnnl_exec_arg_t arguments, int argumentCount) {
  public void run() {
    OneDnn.useOneThread();
    OneDnn.check(
        dnnl.dnnl_primitive_execute(primitive, stream, argumentCount, arguments),
        "execute a primitive");
  }
}
