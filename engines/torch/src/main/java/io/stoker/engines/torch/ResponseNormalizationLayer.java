// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * {@link LayerSpec.LocalResponseNormalization}. The sums over neighbouring channels are one product
 * with a matrix that has ones in a band around its diagonal.
 */
final class ResponseNormalizationLayer implements TorchLayer {
  /** The exponent of Krizhevsky et al., for which there is a faster way than a power. */
  private static final float ALEXNET_BETA = 0.75f;

  private final LayerSpec.LocalResponseNormalization layer;
  private final Tensor band;

  /** The layer's k, for each channel. */
  private final Tensor constant;

  private Tensor rows;
  private Tensor scale;
  private Tensor power;

  ResponseNormalizationLayer(
      NetworkMemory memory, int channels, LayerSpec.LocalResponseNormalization layer) {
    this.layer = layer;
    band = memory.zeros(channels, channels);
    constant = memory.zeros(channels);
    constant.fill_(new Scalar(layer.k()));
    int reach = layer.size() / 2;
    for (int offset = -Math.min(reach, channels - 1); offset <= reach; offset++) {
      if (offset < channels) {
        band.diagonal(offset, 0, 1).fill_(new Scalar(1f));
      }
    }
  }

  /** A row for each pixel, with its channels. */
  private static Tensor pixels(Tensor tensor) {
    return tensor.dim() == 4
        ? NetworkMemory.channelsLast(tensor).permute(0, 2, 3, 1).reshape(-1, tensor.size(1))
        : tensor;
  }

  /** The images of such rows, in the shape of another tensor. */
  private static Tensor images(Tensor pixels, Tensor like) {
    return like.dim() == 4
        ? pixels.view(like.size(0), like.size(2), like.size(3), like.size(1)).permute(0, 3, 1, 2)
        : pixels;
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    rows = pixels(input);
    scale = torch.addmm(constant, rows.square(), band, new Scalar(1f), new Scalar(layer.alpha()));
    if (layer.beta() == ALEXNET_BETA) {
      Tensor root = scale.rsqrt();
      power = root.sqrt().mul_(root);
    } else {
      power = scale.pow(new Scalar(-layer.beta()));
    }
    return images(rows.mul(power), input);
  }

  /** The gradient is {@code g p - 2 alpha beta a B(g a p / s)}, with s the sums and p = s^-beta. */
  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    if (!inputNeeded) {
      return outputGradient;
    }
    Tensor gradient = pixels(outputGradient);
    Tensor direct = gradient.mul(power);
    Tensor shared = direct.mul(rows).div_(scale).mm(band);
    direct.addcmul_(shared, rows, new Scalar(-2 * layer.alpha() * layer.beta()));
    return images(direct, outputGradient);
  }
}
