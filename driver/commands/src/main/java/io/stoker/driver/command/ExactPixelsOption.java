// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.data.image.Decoding;
import picocli.CommandLine.Option;

/** The option that has image files decoded in full. */
public final class ExactPixelsOption {
  @Option(
      names = "--exact-pixels",
      description =
          "Decode every JPEG in full before it is resized (default: a JPEG of 4 times the size that"
              + " is needed, or more, at 1/2, 1/4 or 1/8, several times faster; pixels differ by"
              + " less than 2 of 255 on average). predict and explain do so without it for models"
              + " of data that were prepared with it.")
  private boolean exact;

  /** Whether it was given. */
  public boolean isGiven() {
    return exact;
  }

  /** At which size image files are decoded. */
  public Decoding decoding() {
    return Decoding.of(exact);
  }
}
