// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.ChannelPadding;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.LayerSpec.Residual;
import io.stoker.models.spec.LayerSpec.Sequence;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Residual nets: He, Zhang, Ren and Sun, 2016, "Deep Residual Learning for Image Recognition".
 * First weights after He et al., 2015, by fan-out, as in torchvision; the paper refers to the same
 * work.
 */
final class ResNet {
  private static final Initializer HE = new Initializer.HeFanOut();
  private static final Initializer CLASSIFIER = new Initializer.Gaussian(0.01f);

  private ResNet() {}

  /** 18 layers, table 1: 11,689,512 parameters for 1,000 classes. */
  static ModelSpec eighteen(Shape input, int classes) {
    return imagenet("resnet-18", input, classes, Block.BASIC, 2, 2, 2, 2);
  }

  /** 34 layers, table 1: 21,797,672 parameters for 1,000 classes. */
  static ModelSpec thirtyFour(Shape input, int classes) {
    return imagenet("resnet-34", input, classes, Block.BASIC, 3, 4, 6, 3);
  }

  /**
   * 50 layers, table 1: 25,557,032 parameters for 1,000 classes. As in torchvision, the 3x3
   * convolution of a block has the stride of 2; in the paper, the 1x1 convolution before it has.
   */
  static ModelSpec fifty(Shape input, int classes) {
    return imagenet("resnet-50", input, classes, Block.BOTTLENECK, 3, 4, 6, 3);
  }

  /** 20 layers for CIFAR-10, section 4.2 with n = 3: 269,722 parameters. */
  static ModelSpec twenty(Shape input, int classes) {
    return cifar("resnet-20", input, classes, 3);
  }

  /** 56 layers for CIFAR-10, section 4.2 with n = 9: 853,018 parameters. */
  static ModelSpec fiftySix(Shape input, int classes) {
    return cifar("resnet-56", input, classes, 9);
  }

  /** What a block's body consists of. */
  private enum Block {
    /** Two 3x3 convolutions (figure 5, left). */
    BASIC(1),
    /** 1x1, 3x3 and 1x1 convolutions, of which the last has four times the width (right). */
    BOTTLENECK(4);

    private final int expansion;

    Block(int expansion) {
      this.expansion = expansion;
    }

    Sequence body(int width, int stride) {
      return switch (this) {
        case BASIC ->
            Parts.chain(
                Parts.rectified(width, three(stride), HE), Parts.normalized(width, three(1), HE));
        case BOTTLENECK ->
            Parts.chain(
                Parts.rectified(width, Window.of(1), HE),
                Parts.rectified(width, three(stride), HE),
                Parts.normalized(4 * width, Window.of(1), HE));
      };
    }
  }

  /** The shortcut of a block whose output has another shape than its input (section 3.3). */
  private enum Change {
    /** Option A: the pixels that the stride leaves, and zeros in the new channels. */
    PADDING,
    /** Option B: a 1x1 convolution. */
    PROJECTION;

    Sequence shortcut(int width, int stride) {
      Window pixel = Window.of(1).by(stride);
      return switch (this) {
        case PADDING ->
            Sequence.of(new Pooling(Pooling.Kind.AVERAGE, pixel), new ChannelPadding(width));
        case PROJECTION -> Parts.normalized(width, pixel, HE);
      };
    }
  }

  private static Window three(int stride) {
    return Window.of(3).by(stride).padded(1);
  }

  /** The names of stages and blocks are torchvision's: layer1 to layer4. */
  private static ModelSpec imagenet(
      String name, Shape input, int classes, Block block, int... depths) {
    Parts net =
        new Parts(name, input)
            .add(
                Parts.rectified(64, Window.of(7).by(2).padded(3), HE),
                new Pooling(Pooling.Kind.MAXIMUM, three(2)));
    int channels = 64;
    for (int stage = 0; stage < depths.length; stage++) {
      int width = 64 << stage;
      net.add(stage(stage + 1, block, depths[stage], channels, width, Change.PROJECTION));
      channels = width * block.expansion;
    }
    return net.add(new GlobalAveragePooling(), new Dense(classes, CLASSIFIER, 0)).model();
  }

  /**
   * A net for small images. The shortcuts over a change of width have no parameters (option A of
   * section 3.3, which section 4.2 has for CIFAR-10): every second pixel in both directions, and
   * zeros in the new channels.
   */
  private static ModelSpec cifar(String name, Shape input, int classes, int depth) {
    Parts net = new Parts(name, input).add(Parts.rectified(16, three(1), HE));
    int channels = 16;
    for (int stage = 0; stage < 3; stage++) {
      int width = 16 << stage;
      net.add(stage(stage + 1, Block.BASIC, depth, channels, width, Change.PADDING));
      channels = width;
    }
    // By fan-in: by fan-out, ten classes would begin with scores so far apart that the loss is 9.
    return net.add(new GlobalAveragePooling(), new Dense(classes, new Initializer.He(), 0)).model();
  }

  /** Blocks of one width. But for the first stage, the first block halves height and width. */
  private static Sequence stage(
      int number, Block block, int depth, int channels, int width, Change change) {
    List<LayerSpec> blocks = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      int stride = i == 0 && number > 1 ? 2 : 1;
      int outputs = width * block.expansion;
      boolean changed = i == 0 && (stride > 1 || channels != outputs);
      blocks.add(
          new Residual(
              String.format(Locale.ROOT, "layer%d-%d", number, i),
              block.body(width, stride),
              changed ? change.shortcut(outputs, stride) : Sequence.IDENTITY,
              Sequence.of(Parts.RELU)));
    }
    return new Sequence("layer" + number, blocks);
  }
}
