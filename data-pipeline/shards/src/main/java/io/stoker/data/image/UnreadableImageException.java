// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import java.util.Locale;

/**
 * Bytes that are not an image which Stoker reads: of no known format, damaged, truncated or too
 * large. The message is the reason alone; the catcher knows the file's name.
 */
public final class UnreadableImageException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param reason what is wrong with the bytes
   */
  public UnreadableImageException(String reason) {
    super(reason);
  }

  /**
   * @param reason what is wrong with the bytes
   * @param cause the failure underneath
   */
  public UnreadableImageException(String reason, Throwable cause) {
    super(reason, cause);
  }

  /**
   * An exception whose reason has values in it. Reasons are recorded in manifests, so numbers are
   * written the same in every locale.
   *
   * @param reason a pattern of {@link String#format}
   * @param values the pattern's
   */
  @FormatMethod
  static UnreadableImageException of(@FormatString String reason, Object... values) {
    return new UnreadableImageException(String.format(Locale.ROOT, reason, values));
  }
}
