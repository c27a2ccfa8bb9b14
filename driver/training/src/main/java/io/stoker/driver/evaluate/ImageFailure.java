// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

/**
 * An image file that could not be read.
 *
 * @param image the file as the user named it
 * @param error why
 * @param exitCode of a command that ends because of it: 2 where the file is missing or no image, 4
 *     where storage fails or permission is denied
 */
public record ImageFailure(String image, String error, int exitCode) {
  /** One line for the user. */
  public String message() {
    return "Cannot read image %s: %s".formatted(image, error);
  }
}
