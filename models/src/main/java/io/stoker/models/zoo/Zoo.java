package io.stoker.models.zoo;

import io.stoker.failure.Check;
import io.stoker.failure.Suggestion;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.util.List;
import java.util.stream.Collectors;

/** The models that have a name. */
public final class Zoo {
  private interface Builder {
    ModelSpec build(Shape input, int classes);
  }

  /**
   * A model and the images that it takes.
   *
   * @param sizes heights and widths that it takes, its own first; none for any image
   * @param channels the number of channels that it takes, or 0 for any
   */
  private record Entry(
      String name, String summary, List<Integer> sizes, int channels, Builder builder) {
    Shape ownInput() {
      return new Shape(
          sizes.isEmpty() ? 28 : sizes.get(0),
          sizes.isEmpty() ? 28 : sizes.get(0),
          channels == 0 ? ownChannels() : channels);
    }

    private int ownChannels() {
      return name.startsWith("alexnet") ? 3 : 1;
    }

    boolean takes(Shape data) {
      boolean size =
          sizes.isEmpty() || (data.height() == data.width() && sizes.contains(data.height()));
      return size && (channels == 0 || channels == data.channels());
    }

    String images() {
      return sizes.stream().map(size -> size + " x " + size).collect(Collectors.joining(" or "))
          + (channels == 0 ? "" : " x " + channels);
    }
  }

  private static final List<Entry> ENTRIES =
      List.of(
          new Entry(
              "perceptron", "one layer (Rosenblatt, 1958)", List.of(), 0, Perceptrons::perceptron),
          new Entry(
              "mlp-shallow",
              "one hidden layer of 300 (LeCun et al., 1998)",
              List.of(),
              0,
              Perceptrons::shallow),
          new Entry(
              "mlp-deep",
              "hidden layers of 1500, 1000, 500 (Ciresan et al., 2010)",
              List.of(),
              0,
              Perceptrons::deep),
          new Entry(
              "lenet5",
              "as in 1998: scaled tanh, average pooling (LeCun et al., 1998)",
              List.of(28, 32),
              0,
              LeNet5::original),
          new Entry(
              "lenet5-modern",
              "LeNet-5 with rectified units and max pooling",
              List.of(28, 32),
              0,
              LeNet5::modern),
          new Entry(
              "alexnet-mini",
              "AlexNet's ideas for small images",
              List.of(32, 64),
              0,
              AlexNet::mini),
          new Entry(
              "alexnet-single",
              "AlexNet's widths without groups and LRN (after Krizhevsky et al., 2012)",
              List.of(227),
              3,
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
   * A model for images of the shape that it was made for.
   *
   * @param name one of {@link #names}
   * @param classes how many classes it tells apart
   * @throws io.stoker.failure.InputException if no model has that name
   */
  public static ModelSpec model(String name, int classes) {
    Entry entry = entry(name);
    return entry.builder().build(entry.ownInput(), classes);
  }

  /**
   * A model for given images.
   *
   * @param name one of {@link #names}
   * @param data the images' shape
   * @param classes how many classes it tells apart
   * @throws io.stoker.failure.InputException if no model has that name, or it takes no such images
   */
  public static ModelSpec model(String name, Shape data, int classes) {
    Entry entry = entry(name);
    Check.input(
        entry.takes(data),
        "Model %s does not fit the data: it takes images of %s, the data's are %s",
        name,
        entry.images(),
        data);
    return entry.builder().build(data, classes);
  }

  private static Entry entry(String name) {
    List<Entry> found = ENTRIES.stream().filter(entry -> entry.name().equals(name)).toList();
    Check.input(!found.isEmpty(), "Unknown model: %s; %s", name, Suggestion.among(name, names()));
    return found.get(0);
  }
}
