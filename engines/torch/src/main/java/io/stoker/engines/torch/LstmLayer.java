// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * {@link LayerSpec.Lstm}. The products with the rows of all steps are one product; those with the
 * hidden states are one a step. Gates are in canonical order: candidate, forget, output, input.
 */
final class LstmLayer implements TorchLayer {
  private static final int GATES = 4;

  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final int units;
  private final int steps;
  private final int width;
  private final Tensor inputWeights;
  private final Tensor stateWeights;
  private final Tensor bias;
  private Tensor[] gradients;

  private Tensor input;
  private Tensor rows;
  private Step[] kept;

  /**
   * What a step's backward pass needs: {@code [examples, units]} each.
   *
   * @param hidden the hidden state before the step; null before the first
   * @param cell the cell state before the step; null before the first
   */
  private record Step(
      Tensor hidden,
      Tensor cell,
      Tensor candidate,
      Tensor forget,
      Tensor output,
      Tensor in,
      Tensor squashed) {}

  LstmLayer(FlatVectors vectors, ModelSpec.Placed placed, LayerSpec.Lstm layer) {
    this.vectors = vectors;
    this.placed = placed;
    units = layer.units();
    steps = layer.steps(placed.input());
    width = placed.input().width();
    inputWeights = vectors.parameters(placed, 0);
    stateWeights = vectors.parameters(placed, 1);
    // The three tensors of biases follow each other in the canonical vector.
    bias = vectors.part(vectors.parameters(), placed, 2, (long) GATES * units);
  }

  @Override
  public Tensor forward(Tensor image, Pass pass) {
    input = image;
    long examples = image.size(0);
    rows =
        image
            .contiguous()
            .view(examples, steps, width)
            .transpose(0, 1)
            .contiguous()
            .view(steps * examples, width);
    Tensor sums =
        torch.addmm(bias, rows, inputWeights.t()).view(steps, examples, (long) GATES * units);
    kept = new Step[steps];
    Tensor hidden = null;
    Tensor cell = null;
    for (int step = 0; step < steps; step++) {
      Tensor sum = sums.select(0, step);
      if (hidden != null) {
        sum.addmm_(hidden, stateWeights.t());
      }
      Tensor candidate = sum.narrow(1, 0, units).tanh();
      Tensor gates = sum.narrow(1, units, 3L * units).sigmoid();
      Tensor forget = gates.narrow(1, 0, units);
      Tensor output = gates.narrow(1, units, units);
      Tensor in = gates.narrow(1, 2L * units, units);
      Tensor next = in.mul(candidate);
      if (cell != null) {
        next.addcmul_(forget, cell);
      }
      Tensor squashed = next.tanh();
      kept[step] = new Step(hidden, cell, candidate, forget, output, in, squashed);
      cell = next;
      hidden = output.mul(squashed);
    }
    return hidden;
  }

  /** The output is the last hidden state, which no gradient reads. */
  @Override
  public boolean needsOutput() {
    return false;
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    long examples = input.size(0);
    Tensor byHidden = outputGradient;
    Tensor byCell = null;
    Tensor[] bySums = new Tensor[steps];
    for (int step = steps - 1; step >= 0; step--) {
      Step s = kept[step];
      Tensor throughOutput = torch.tanh_backward(byHidden.mul(s.output()), s.squashed());
      byCell = byCell == null ? throughOutput : byCell.add_(throughOutput);
      TensorVector parts = new TensorVector();
      parts.push_back(torch.tanh_backward(byCell.mul(s.in()), s.candidate()));
      parts.push_back(
          s.cell() == null
              ? torch.zeros_like(byCell)
              : torch.sigmoid_backward(byCell.mul(s.cell()), s.forget()));
      parts.push_back(torch.sigmoid_backward(byHidden.mul(s.squashed()), s.output()));
      parts.push_back(torch.sigmoid_backward(byCell.mul(s.candidate()), s.in()));
      bySums[step] = torch.cat(parts, 1);
      if (step > 0) {
        byHidden = bySums[step].mm(stateWeights);
        byCell.mul_(s.forget());
      }
    }
    Tensor bySum = torch.cat(new TensorVector(bySums), 0);
    if (pass.training()) {
      putGradients(bySum, examples);
    }
    if (!inputNeeded) {
      return outputGradient;
    }
    Tensor byRows = bySum.mm(inputWeights).view(steps, examples, width).transpose(0, 1);
    return NetworkMemory.channelsLast(byRows.reshape(sizes()));
  }

  private void putGradients(Tensor bySum, long examples) {
    if (gradients == null) {
      gradients =
          new Tensor[] {
            vectors.gradients(placed, 0),
            vectors.gradients(placed, 1),
            vectors.part(vectors.gradients(), placed, 2, (long) GATES * units)
          };
    }
    torch.mm_out(gradients[0], bySum.t(), rows);
    torch.sum_out(gradients[2], bySum, 0);
    if (steps == 1) {
      gradients[1].fill_(new Scalar(0f));
      return;
    }
    TensorVector states = new TensorVector();
    for (int step = 1; step < steps; step++) {
      states.push_back(kept[step].hidden());
    }
    Tensor later = bySum.narrow(0, examples, (steps - 1) * examples);
    torch.mm_out(gradients[1], later.t(), torch.cat(states, 0));
  }

  private long[] sizes() {
    return input.dim() == 4
        ? new long[] {input.size(0), input.size(1), input.size(2), input.size(3)}
        : new long[] {input.size(0), input.size(1)};
  }

  @Override
  public boolean learns() {
    return true;
  }
}
