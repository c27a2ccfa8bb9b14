// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The size of the images that a network is shown in training, which grows from epoch to epoch:
 * progressive resizing (Karras et al., 2018, "Progressive Growing of GANs"; Tan and Le, 2021,
 * "EfficientNetV2", section 4). The last size is that of the trained model. At a smaller one the
 * data's images are scaled down so that the network sees the same part of them.
 *
 * @param fromEpoch the height and width of the images from an epoch on, both ascending; empty if
 *     all epochs have the model's size
 */
public record SizeSchedule(SortedMap<Integer, Integer> fromEpoch) implements Serializable {
  /** All epochs have the model's size. */
  public static final SizeSchedule NONE = new SizeSchedule(Collections.emptySortedMap());

  private static final Pattern TEXT =
      Pattern.compile("[0-9]{1,5}@[0-9]{1,9}(,[0-9]{1,5}@[0-9]{1,9})*");

  public SizeSchedule {
    fromEpoch = Collections.unmodifiableSortedMap(new TreeMap<>(fromEpoch));
    int before = 0;
    for (Map.Entry<Integer, Integer> from : fromEpoch.entrySet()) {
      int size = from.getValue();
      Check.input(size >= 1, "Invalid size schedule: %d@%d (must be >= 1)", size, from.getKey());
      Check.input(
          size > before,
          "Invalid size schedule: %d@%d after %d (sizes must grow: the last one is that of the"
              + " model)",
          size,
          from.getKey(),
          before);
      before = size;
    }
    Check.input(
        fromEpoch.isEmpty() || fromEpoch.firstKey() == 0,
        "Invalid size schedule: it begins at epoch %s (must begin at 0, such as 20@0,28@5)",
        fromEpoch.isEmpty() ? 0 : fromEpoch.firstKey());
  }

  /**
   * Reads {@code SIZE@EPOCH,...}; a blank text is no schedule.
   *
   * @throws io.stoker.failure.InputException if the text is something else
   */
  public static SizeSchedule parse(String text) {
    if (text.isBlank()) {
      return NONE;
    }
    Check.input(
        TEXT.matcher(text).matches(),
        "Invalid size schedule: '%s' (SIZE@EPOCH,..., such as 20@0,28@5)",
        text);
    TreeMap<Integer, Integer> fromEpoch = new TreeMap<>();
    for (String part : text.split(",", -1)) {
      int at = part.indexOf('@');
      int epoch = Integer.parseInt(part.substring(at + 1));
      Check.input(
          fromEpoch.isEmpty() || epoch > fromEpoch.lastKey(),
          "Invalid size schedule: '%s' (epochs must grow from one to the next)",
          text);
      fromEpoch.put(epoch, Integer.parseInt(part.substring(0, at)));
    }
    return new SizeSchedule(fromEpoch);
  }

  /** Whether epochs have sizes of their own. */
  public boolean isOn() {
    return !fromEpoch.isEmpty();
  }

  /** The size of the trained model, where there is a schedule. */
  public int last() {
    return fromEpoch.get(fromEpoch.lastKey());
  }

  /** The epoch from which images have the size of the trained model. */
  public int lastEpoch() {
    return isOn() ? fromEpoch.lastKey() : 0;
  }

  /** The height and width in an epoch, where there is a schedule. */
  public int at(int epoch) {
    return fromEpoch.get(fromEpoch.headMap(epoch + 1).lastKey());
  }

  /**
   * The shape of the images that the network is shown in an epoch.
   *
   * @param model the shape that the trained model takes
   */
  ImageShape input(ImageShape model, int epoch) {
    return isOn() ? new ImageShape(at(epoch), at(epoch), model.channels()) : model;
  }

  /**
   * The shape that the data's images are scaled to in an epoch, from which augmentation begins.
   *
   * @param data the shape of the data's images
   */
  ImageShape scaled(ImageShape data, int epoch) {
    return isOn()
        ? new ImageShape(scaled(data.height(), epoch), scaled(data.width(), epoch), data.channels())
        : data;
  }

  private int scaled(int length, int epoch) {
    return Math.toIntExact(Math.round((double) length * at(epoch) / last()));
  }

  @Override
  public String toString() {
    return fromEpoch.entrySet().stream()
        .map(from -> from.getValue() + "@" + from.getKey())
        .collect(Collectors.joining(","));
  }
}
