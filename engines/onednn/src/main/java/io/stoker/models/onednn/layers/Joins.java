// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Primitive;
import io.stoker.models.onednn.primitives.Reorder;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_binary_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/** Operations where the ways of several layers meet. Each returned action runs one of them. */
final class Joins {
  private Joins() {}

  /**
   * Adds one tensor to another, value by value.
   *
   * @param sum the first summand, which the sum overwrites
   * @param other the second, of the same shape in any order
   */
  static Runnable add(Workspace workspace, Tensor sum, Tensor other) {
    return add(workspace, sum, other, sum);
  }

  /** Adds two tensors to a third, which has the order of the first. */
  static Runnable add(Workspace workspace, Tensor first, Tensor other, Tensor sum) {
    Arranged second = arranged(workspace, other, first.layout());
    Primitive primitive = binary(workspace, dnnl.dnnl_binary_add, first, second.tensor(), sum);
    return () -> {
      second.copy().run();
      primitive.run();
    };
  }

  /**
   * Multiplies two tensors value by value.
   *
   * @param factor of the same order as the first, or a value for each of its channels
   * @param product of the same order as the first
   */
  static Runnable multiply(Workspace workspace, Tensor first, Tensor factor, Tensor product) {
    return binary(workspace, dnnl.dnnl_binary_mul, first, factor, product)::run;
  }

  private static Primitive binary(
      Workspace workspace, int operator, Tensor first, Tensor second, Tensor result) {
    dnnl_binary_desc_t description = new dnnl_binary_desc_t();
    OneDnn.check(
        dnnl.dnnl_binary_desc_init(
            description,
            operator,
            first.layout().descriptor(),
            second.layout().descriptor(),
            result.layout().descriptor()),
        "describe an operation on two tensors");
    return workspace.compile(
        workspace.operation(description),
        Map.of(dnnl.DNNL_ARG_SRC_0, first, dnnl.DNNL_ARG_SRC_1, second, dnnl.DNNL_ARG_DST, result));
  }

  /** Copies all values of a tensor to another of the same layout. */
  static Runnable copy(Tensor from, Tensor to) {
    long bytes = from.layout().bytes();
    return () -> Pointer.memcpy(to.values(), from.values(), bytes);
  }

  /**
   * A tensor in another order.
   *
   * @param tensor the tensor
   * @param copy fills it; does nothing where the tensor has the order already
   */
  record Arranged(Tensor tensor, Runnable copy) {}

  /** A tensor in another layout, which may have another rank: a vector is an image of one pixel. */
  static Arranged arranged(Workspace workspace, Tensor from, Layout layout) {
    long[] here = from.layout().dimensions();
    long[] there = layout.dimensions();
    if (here.length == there.length) {
      Reorder reorder = workspace.convertTransiently(from, layout);
      return new Arranged(reorder.to(), reorder::run);
    }
    Reorder plain = workspace.convertTransiently(from, Layout.plain(here));
    Tensor view = workspace.view(Layout.plain(there), plain.to());
    Reorder reorder = workspace.convertTransiently(view, layout);
    return new Arranged(reorder.to(), runAll(List.of(plain::run, reorder::run)));
  }

  static Runnable runAll(List<Runnable> steps) {
    return () -> steps.forEach(Runnable::run);
  }
}
