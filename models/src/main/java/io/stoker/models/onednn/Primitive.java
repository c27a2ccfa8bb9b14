package io.stoker.models.onednn;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;

/**
 * A compiled oneDNN operation bound to its tensors. Made and owned by a {@link Workspace}.
 *
 * @param primitive the compiled operation
 * @param stream where it runs
 * @param arguments its tensors
 * @param argumentCount how many
 */
record Primitive(
    dnnl_primitive primitive, dnnl_stream stream, dnnl_exec_arg_t arguments, int argumentCount) {
  void run() {
    OneDnn.check(
        dnnl.dnnl_primitive_execute(primitive, stream, argumentCount, arguments),
        "execute a primitive");
  }
}
