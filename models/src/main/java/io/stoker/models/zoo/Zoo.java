// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.failure.Check;
import io.stoker.failure.Suggestion;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The models that Stoker knows by name. */
public final class Zoo {
  private interface Builder {
    ModelSpec build(Shape input, int classes);
  }

  /**
   * A model and the images that it takes.
   *
   * @param own the shape of the images that it was made for
   * @param sizes the heights and widths that it takes, rising; empty for any image
   * @param channels the numbers of channels that it takes; empty for any
   * @param remark says what is special about the model for an input; empty where nothing is
   */
  private record Entry(
      String name,
      String summary,
      Shape own,
      List<Integer> sizes,
      List<Integer> channels,
      Builder builder,
      Function<Shape, Optional<String>> remark) {
    Entry(
        String name,
        String summary,
        Shape own,
        List<Integer> sizes,
        List<Integer> channels,
        Builder builder) {
      this(name, summary, own, sizes, channels, builder, input -> Optional.empty());
    }

    /** The largest input of the model that fits into the data's images. */
    Optional<Shape> input(Shape data) {
      if (!channels.isEmpty() && !channels.contains(data.channels())) {
        return Optional.empty();
      }
      return sizes.isEmpty()
          ? Optional.of(data)
          : sizes.stream()
              .filter(size -> size <= data.height() && size <= data.width())
              .max(Integer::compare)
              .map(size -> new Shape(size, size, data.channels()));
    }

    String images() {
      String shapes =
          sizes.stream().map(size -> size + " x " + size).collect(Collectors.joining(" or "));
      return channels.isEmpty() ? shapes : shapes + " x " + channels.get(0);
    }
  }

  private static final int IMAGENET_HEIGHT = 224;
  private static final Shape DIGIT = new Shape(28, 28, 1);
  private static final Shape CIFAR = new Shape(32, 32, 3);
  private static final Shape IMAGENET = new Shape(224, 224, 3);
  private static final List<Integer> ANY = List.of();

  /** Sizes of nets for CIFAR-10 that work as well on digits and on small pictures. */
  private static final List<Integer> SMALL = List.of(28, 32, 64);

  /** Sizes of nets for ImageNet that work as well on smaller pictures. */
  private static final List<Integer> LARGE = List.of(32, 64, 96, 128, 160, 192, 224);

  private static final List<Entry> ENTRIES =
      List.of(
          new Entry(
              "perceptron", "one layer (Rosenblatt, 1958)", DIGIT, ANY, ANY, Perceptrons::single),
          new Entry(
              "mlp-shallow",
              "one hidden layer of 300 (LeCun et al., 1998)",
              DIGIT,
              ANY,
              ANY,
              Perceptrons::shallow),
          new Entry(
              "mlp-deep",
              "hidden layers of 1500, 1000, 500 (Ciresan et al., 2010)",
              DIGIT,
              ANY,
              ANY,
              Perceptrons::deep),
          new Entry(
              "row-lstm",
              "an LSTM of 128 reads the image row by row (Hochreiter and Schmidhuber, 1997)",
              DIGIT,
              ANY,
              ANY,
              Recurrent::rows),
          new Entry(
              "lenet5",
              "as in 1998: scaled tanh, average pooling (LeCun et al., 1998)",
              DIGIT,
              List.of(28, 32),
              ANY,
              LeNet5::original),
          new Entry(
              "lenet5-modern",
              "LeNet-5 with rectified units and max pooling",
              DIGIT,
              List.of(28, 32),
              ANY,
              LeNet5::modern),
          new Entry(
              "alexnet-mini",
              "AlexNet's ideas for small images; for 64 x 64 it begins with stride 2",
              new Shape(32, 32, 3),
              List.of(32, 64),
              ANY,
              AlexNet::mini,
              AlexNet::miniRemark),
          new Entry(
              "cuda-convnet-18",
              "the 18 % net for CIFAR-10 (Krizhevsky, 2011)",
              new Shape(32, 32, 3),
              List.of(32),
              List.of(3),
              CudaConvnet::eighteen),
          new Entry(
              "cuda-convnet-13",
              "the 13 % net for CIFAR-10, without local layers (Krizhevsky, 2011)",
              new Shape(32, 32, 3),
              List.of(32),
              List.of(3),
              CudaConvnet::thirteen),
          new Entry(
              "nin",
              "perceptrons over pixels, for CIFAR-10 (Lin et al., 2014)",
              CIFAR,
              SMALL,
              ANY,
              NetworkInNetwork::model),
          new Entry(
              "resnet-20",
              "a residual net for CIFAR-10 (He et al., 2016)",
              CIFAR,
              SMALL,
              ANY,
              ResNet::twenty),
          new Entry(
              "resnet-56",
              "a deeper one for CIFAR-10 (He et al., 2016)",
              CIFAR,
              SMALL,
              ANY,
              ResNet::fiftySix),
          new Entry(
              "squeezenet",
              "AlexNet's accuracy from few parameters (Iandola et al., 2016)",
              IMAGENET,
              LARGE,
              ANY,
              SqueezeNet::original),
          new Entry(
              "squeezenet-1.1",
              "the same with less arithmetic (Iandola et al., 2016)",
              IMAGENET,
              LARGE,
              ANY,
              SqueezeNet::second),
          new Entry(
              "mobilenet-v1",
              "depthwise convolutions (Howard et al., 2017)",
              IMAGENET,
              LARGE,
              ANY,
              MobileNet::first),
          new Entry(
              "googlenet",
              "inception modules, normalized (Szegedy et al., 2015)",
              IMAGENET,
              LARGE,
              ANY,
              GoogLeNet::model),
          new Entry(
              "resnet-18",
              "a residual net (He et al., 2016)",
              IMAGENET,
              LARGE,
              ANY,
              ResNet::eighteen),
          new Entry(
              "resnet-34",
              "a deeper one (He et al., 2016)",
              IMAGENET,
              LARGE,
              ANY,
              ResNet::thirtyFour),
          new Entry(
              "resnet-50",
              "with bottlenecks (He et al., 2016)",
              IMAGENET,
              LARGE,
              ANY,
              ResNet::fifty),
          new Entry(
              "alexnet",
              "as in 2012: two groups, LRN, dropout (Krizhevsky et al., 2012)",
              new Shape(227, 227, 3),
              List.of(227),
              List.of(3),
              AlexNet::original),
          new Entry(
              "caffenet",
              "AlexNet with pooling before LRN (Jia et al., 2014)",
              new Shape(227, 227, 3),
              List.of(227),
              List.of(3),
              AlexNet::caffe),
          new Entry(
              "alexnet-owt",
              "the one-tower AlexNet (Krizhevsky, 2014)",
              new Shape(224, 224, 3),
              List.of(224),
              List.of(3),
              AlexNet::oneTower),
          new Entry(
              "alexnet-single",
              "AlexNet's widths without groups and LRN (after Krizhevsky et al., 2012)",
              new Shape(227, 227, 3),
              List.of(227),
              List.of(3),
              AlexNet::single),
          new Entry(
              "alexnet-bn",
              "AlexNet's widths with batch normalization (Simon et al., 2016)",
              new Shape(227, 227, 3),
              List.of(227),
              ANY,
              AlexNet::normalized),
          new Entry(
              "vgg-11",
              "3x3 convolutions only (Simonyan and Zisserman, 2015)",
              IMAGENET,
              LARGE,
              ANY,
              Vgg::eleven),
          new Entry(
              "vgg-11-bn",
              "the same with batch normalization",
              IMAGENET,
              LARGE,
              ANY,
              Vgg::elevenNormalized),
          new Entry(
              "vgg-16",
              "the deeper one (Simonyan and Zisserman, 2015)",
              IMAGENET,
              LARGE,
              ANY,
              Vgg::sixteen),
          new Entry(
              "vgg-16-bn",
              "the same with batch normalization",
              IMAGENET,
              LARGE,
              ANY,
              Vgg::sixteenNormalized));

  private Zoo() {}

  /** The models' names, small to large. */
  public static List<String> names() {
    return ENTRIES.stream().map(Entry::name).toList();
  }

  /**
   * A model in a few words.
   *
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static String summary(String name) {
    return entry(name).summary();
  }

  /**
   * The heights and widths of images that a model takes, rising; none for any.
   *
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static List<Integer> sizes(String name) {
    return entry(name).sizes();
  }

  /**
   * What is special about a model for its input, in one sentence; empty where nothing is, and for
   * models that are not of the zoo.
   */
  public static Optional<String> remark(ModelSpec model) {
    return ENTRIES.stream()
        .filter(entry -> entry.name().equals(model.name()))
        .filter(entry -> entry.builder().build(model.input(), model.classes()).equals(model))
        .findFirst()
        .flatMap(entry -> entry.remark().apply(model.input()));
  }

  /**
   * The number of classes that a model was made for: ImageNet's thousand, or ten.
   *
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static int classes(String name) {
    return entry(name).own().height() >= IMAGENET_HEIGHT ? 1000 : 10;
  }

  /**
   * A model for images of the shape that it was made for.
   *
   * @param name one of {@link #names}
   * @param classes the number of classes
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static ModelSpec model(String name, int classes) {
    Entry entry = entry(name);
    return entry.builder().build(entry.own(), classes);
  }

  /**
   * A model for given images. If the images are larger than the largest input that the model has,
   * it takes windows of them.
   *
   * @param name one of {@link #names}
   * @param data the shape of the images
   * @param classes the number of classes
   * @throws io.stoker.failure.InputException if no model has that name, or it does not take these
   *     images
   */
  public static ModelSpec model(String name, Shape data, int classes) {
    Entry entry = entry(name);
    Optional<Shape> input = entry.input(data);
    Check.input(
        input.isPresent(),
        "Model %s does not fit the data: it takes images of %s, the data's are %s (larger ones are"
            + " cropped: prepare them with another --size or --channels)",
        name,
        entry.images(),
        data);
    return entry.builder().build(input.get(), classes);
  }

  /**
   * A model for images of one of its sizes.
   *
   * @param name one of {@link #names}
   * @param size the height and width of the images
   * @param classes the number of classes
   * @throws io.stoker.failure.InputException if no model has that name, or it does not have that
   *     size
   */
  public static ModelSpec sized(String name, int size, int classes) {
    Entry entry = entry(name);
    Check.input(
        size >= 1 && (entry.sizes().isEmpty() || entry.sizes().contains(size)),
        "Invalid input size: %d (model %s takes images of %s)",
        size,
        name,
        entry.sizes().isEmpty() ? "any size" : entry.images());
    return entry.builder().build(new Shape(size, size, entry.own().channels()), classes);
  }

  private static Entry entry(String name) {
    List<Entry> found = ENTRIES.stream().filter(entry -> entry.name().equals(name)).toList();
    Check.input(!found.isEmpty(), "Unknown model: %s; %s", name, Suggestion.among(name, names()));
    return found.get(0);
  }
}
