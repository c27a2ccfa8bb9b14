// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;

/**
 * A compiled oneDNN operation with its tensors. A {@link Workspace} creates and owns it.
 *
 * @param primitive the compiled operation
 * @param stream the stream on which it runs
 * @param arguments its tensors
 * @param argumentCount the number of tensors
 */
record Primitive(
    dnnl_primitive primitive, dnnl_stream stream, dnnl_exec_arg_t arguments, int argumentCount) {
  void run() {
    OneDnn.useOneThread();
    OneDnn.check(
        dnnl.dnnl_primitive_execute(primitive, stream, argumentCount, arguments),
        "execute a primitive");
  }
}
