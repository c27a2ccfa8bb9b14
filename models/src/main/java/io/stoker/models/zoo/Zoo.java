package io.stoker.models.zoo;

import io.stoker.failure.Check;
import io.stoker.failure.Suggestion;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The models that have a name. */
public final class Zoo {
  private interface Builder {
    ModelSpec build(Shape input, int classes);
  }

  /**
   * A model and the images that it takes.
   *
   * @param own the images that it was made for
   * @param sizes heights and widths that it takes, rising; none for any image
   * @param channels the number of channels that it takes; none for any
   */
  private record Entry(
      String name,
      String summary,
      Shape own,
      List<Integer> sizes,
      List<Integer> channels,
      Builder builder) {
    /** The largest input that the data's images have room for. */
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
  private static final List<Integer> ANY = List.of();

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
              "AlexNet's ideas for small images",
              new Shape(32, 32, 3),
              List.of(32, 64),
              ANY,
              AlexNet::mini),
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
              AlexNet::single));

  private Zoo() {}

  /** The models' names, small to large. */
  public static List<String> names() {
    return ENTRIES.stream().map(Entry::name).toList();
  }

  /**
   * What a model is, in a few words.
   *
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static String summary(String name) {
    return entry(name).summary();
  }

  /**
   * How many classes a model was made for: ImageNet's thousand, or ten.
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
   * @param classes how many classes it tells apart
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static ModelSpec model(String name, int classes) {
    Entry entry = entry(name);
    return entry.builder().build(entry.own(), classes);
  }

  /**
   * A model for given images, or for windows of them, where they are larger than any that it takes.
   *
   * @param name one of {@link #names}
   * @param data the images' shape
   * @param classes how many classes it tells apart
   * @throws io.stoker.failure.InputException if no model has that name, or it takes no such images
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

  private static Entry entry(String name) {
    List<Entry> found = ENTRIES.stream().filter(entry -> entry.name().equals(name)).toList();
    Check.input(!found.isEmpty(), "Unknown model: %s; %s", name, Suggestion.among(name, names()));
    return found.get(0);
  }
}
