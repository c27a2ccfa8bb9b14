package io.stoker.models.engine;

import io.stoker.failure.ResourceException;
import java.io.Serializable;
import java.util.Locale;

/**
 * An NVIDIA card.
 *
 * @param name the card's name
 * @param computeCapability its architecture, such as 8.9
 */
public record GraphicsCard(String name, double computeCapability) implements Serializable {
  /**
   * nd4j-cuda-11.6 1.0.0-M2.1 holds machine code for sm_37 to sm_86 and no PTX. Code for 8.6 runs
   * on 8.9 (Ada), whose major version is the same; nothing in it runs on 9.0 (Hopper) or later.
   */
  private static final double OLDEST = 3.7;

  private static final double FIRST_WITHOUT_CODE = 9.0;

  /** Whether the CUDA build of Stoker has code for it. */
  public boolean usable() {
    return computeCapability >= OLDEST && computeCapability < FIRST_WITHOUT_CODE;
  }

  /**
   * Makes sure that there is code for it.
   *
   * @param place which card of which machine this is
   * @throws ResourceException if there is none
   */
  public void requireUsable(String place) {
    if (!usable()) {
      throw new ResourceException(
          "Cannot train on %s, %s; take another card, or train on processors without --device gpu"
              .formatted(place, this));
    }
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s (compute capability %.1f): %s",
        name,
        computeCapability,
        usable()
            ? "usable by the CUDA build"
            : "not usable: the CUDA libraries hold code for 3.7 to 8.9 only");
  }
}
