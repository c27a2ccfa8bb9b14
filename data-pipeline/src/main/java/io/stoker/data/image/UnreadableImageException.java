package io.stoker.data.image;

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
}
