// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Advice on the split that a job validates on. */
public final class ValidationAdvice {
  private static final Logger LOG = LoggerFactory.getLogger(ValidationAdvice.class);

  private ValidationAdvice() {}

  /**
   * What is wrong with a split, if something is.
   *
   * @param split its name
   * @param choice what validations choose
   */
  public static Optional<String> of(String split, String choice) {
    return split.equals("test")
        ? Optional.of(
            "Validating on split 'test': the best %s is chosen by the images that are to test it,"
                    .formatted(choice)
                + " which makes its accuracy on them too high (prepare --split-train"
                + " validation=0.1 takes a split for this out of train)")
        : Optional.empty();
  }

  static void log(String split) {
    of(split, "checkpoint").ifPresent(LOG::warn);
  }
}
