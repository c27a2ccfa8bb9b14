// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.rules.Rearrangement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The images of a {@link Rearrangement}: copies the layer's input to the other convolution's input,
 * and adds up the gradient by the one from the gradient by the other.
 *
 * <p>With stride 1, the other input has a shifted copy of the image for each part of the kernel.
 * With a larger stride, it has the phases of the padded image.
 */
final class RearrangedImages {
  /**
   * Some examples of a batch.
   *
   * @param first the number of the first one
   * @param examples how many
   */
  record Part(long first, long examples) {}

  private final Workspace workspace;
  private final Rearrangement shape;
  private final Tensor input;

  /** By the number of examples. No step writes to the values around the image, which are zero. */
  private final Map<Long, Tensor> sources = new HashMap<>();

  private final Map<Long, Tensor> padded = new HashMap<>();

  RearrangedImages(Workspace workspace, Rearrangement shape, Tensor input) {
    this.workspace = workspace;
    this.shape = shape;
    this.input = input;
  }

  /** The layout of the other convolution's input. */
  static Layout layout(Rearrangement shape, long examples) {
    return Layout.blocked(examples, shape.otherChannels(), shape.rows(), shape.columns());
  }

  /**
   * Adds the steps that copy some examples of a group to the other convolution's input.
   *
   * @param steps of the pass that reads it
   * @return that input, which all parts and groups of as many examples share
   */
  Tensor arrange(Part part, int group, List<Runnable> steps) {
    Tensor images = imagesOf(input, part, group);
    Tensor source =
        sources.computeIfAbsent(
            part.examples(), examples -> workspace.tensor(layout(shape, examples)));
    if (shape.window().stride() == 1) {
      for (int i = 0; i < shape.parts() * shape.parts(); i++) {
        Overlap overlap = overlap(i);
        Tensor from = ofImage(overlap, images);
        steps.add(workspace.copy(from, ofOther(overlap, source, i))::run);
      }
      return source;
    }
    Tensor plain =
        padded.computeIfAbsent(
            part.examples(), examples -> workspace.tensor(plainLayout(examples)));
    Overlap overlap = overlapOfPadded();
    steps.add(workspace.copy(ofImage(overlap, images), ofPadded(overlap, plain))::run);
    steps.add(
        workspace.copy(
                workspace.view(phasesOfPadded(part.examples()), plain),
                workspace.view(phasesOfOther(part.examples()), source))
            ::run);
    return source;
  }

  /**
   * Adds the steps that copy the gradient by the other convolution's input to that by the images.
   * Where a pixel has several copies, their gradients are added.
   *
   * @param other the gradient by the other input, of some examples of a group
   * @param inputGradient the gradient by the whole batch
   */
  void restore(Tensor other, Part part, int group, Tensor inputGradient, List<Runnable> steps) {
    Tensor images = imagesOf(inputGradient, part, group);
    if (shape.window().stride() == 1) {
      for (int i = 0; i < shape.parts() * shape.parts(); i++) {
        Overlap overlap = overlap(i);
        Tensor from = ofOther(overlap, other, i);
        Tensor to = ofImage(overlap, images);
        steps.add((i == 0 ? workspace.copy(from, to) : workspace.add(from, to))::run);
      }
      return;
    }
    Tensor plain = workspace.transientTensor(plainLayout(part.examples()));
    steps.add(
        workspace.copy(
                workspace.view(phasesOfOther(part.examples()), other),
                workspace.view(phasesOfPadded(part.examples()), plain))
            ::run);
    Overlap overlap = overlapOfPadded();
    steps.add(workspace.copy(ofPadded(overlap, plain), ofImage(overlap, images))::run);
  }

  private Tensor imagesOf(Tensor batch, Part part, int group) {
    long[] dimensions = {
      part.examples(), shape.channels(), shape.input().height(), shape.input().width()
    };
    return workspace.box(batch, dimensions, part.first(), (long) group * shape.channels(), 0, 0);
  }

  /** The image with its padding, as large as the phases of the stride make it. */
  private Layout plainLayout(long examples) {
    int stride = shape.window().stride();
    return Layout.plain(
        examples, shape.channels(), (long) shape.rows() * stride, (long) shape.columns() * stride);
  }

  /** The image with its padding: {@code [examples, channels, rows, columns, phase, phase]}. */
  private Layout phasesOfPadded(long examples) {
    long stride = shape.window().stride();
    long width = shape.columns() * stride;
    long plane = shape.rows() * stride * width;
    return Layout.strided(
        phaseDimensions(examples),
        shape.channels() * plane,
        plane,
        stride * width,
        stride,
        width,
        1);
  }

  /** The other convolution's input in the same dimensions: a channel's phases are a block. */
  private Layout phasesOfOther(long examples) {
    long stride = shape.window().stride();
    long row = shape.columns() * (long) Layout.BLOCK;
    return Layout.strided(
        phaseDimensions(examples),
        shape.channels() * (shape.rows() * row),
        shape.rows() * row,
        row,
        Layout.BLOCK,
        stride,
        1);
  }

  private long[] phaseDimensions(long examples) {
    long stride = shape.window().stride();
    return new long[] {examples, shape.channels(), shape.rows(), shape.columns(), stride, stride};
  }

  /**
   * The rows and columns that the image has in common with a shifted copy of it.
   *
   * @param row the first one in the image
   * @param column the first one in the image
   * @param otherRow the same row in the copy
   * @param otherColumn the same column in the copy
   */
  private record Overlap(
      int row, int column, int otherRow, int otherColumn, int rows, int columns) {}

  private Tensor ofImage(Overlap overlap, Tensor images) {
    return box(overlap, images, 0, overlap.row(), overlap.column());
  }

  private Tensor ofPadded(Overlap overlap, Tensor plain) {
    return box(overlap, plain, 0, overlap.otherRow(), overlap.otherColumn());
  }

  private Tensor ofOther(Overlap overlap, Tensor other, int part) {
    long channel = (long) part * shape.channels();
    return box(overlap, other, channel, overlap.otherRow(), overlap.otherColumn());
  }

  private Tensor box(Overlap overlap, Tensor tensor, long channel, long row, long column) {
    long examples = tensor.layout().dimensions()[0];
    long[] dimensions = {examples, shape.channels(), overlap.rows(), overlap.columns()};
    return workspace.box(tensor, dimensions, 0, channel, row, column);
  }

  /** The overlap of the image and its copy for one of the kernel's parts. */
  private Overlap overlap(int part) {
    int down = part / shape.parts() * Rearrangement.TAPS;
    int right = part % shape.parts() * Rearrangement.TAPS;
    return overlap(
        shape.window().padding().top() - down,
        shape.window().padding().left() - right,
        shape.rows(),
        shape.columns());
  }

  private Overlap overlapOfPadded() {
    int stride = shape.window().stride();
    return overlap(
        shape.window().padding().top(),
        shape.window().padding().left(),
        shape.rows() * stride,
        shape.columns() * stride);
  }

  /** The overlap of the image and an area in which the image begins at a given pixel. */
  private Overlap overlap(int top, int left, int height, int width) {
    int otherRow = Math.max(0, top);
    int otherColumn = Math.max(0, left);
    return new Overlap(
        otherRow - top,
        otherColumn - left,
        otherRow,
        otherColumn,
        Math.min(height, shape.input().height() + top) - otherRow,
        Math.min(width, shape.input().width() + left) - otherColumn);
  }
}
