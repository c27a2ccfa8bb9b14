package io.stoker.driver.averaging;

import java.io.Serializable;

/**
 * A slice of the parameters between two rounds, as executors keep it.
 *
 * <p>The content belongs to the block store once the slice is there: nobody writes to it.
 */
public final class Slice implements Serializable {
  private static final long serialVersionUID = 1L;

  private final byte[] content;
  private final SliceReport report;

  /**
   * @param content see {@link ParameterSlices}; not copied
   * @param report what the driver will learn
   */
  Slice(byte[] content, SliceReport report) {
    this.content = content;
    this.report = report;
  }

  /** The values, see {@link ParameterSlices}; not to be written to. */
  public byte[] content() {
    return content;
  }

  SliceReport report() {
    return report;
  }
}
