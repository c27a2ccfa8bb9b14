// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

/** Shows one run in another program while it trains; closed after the job. */
public interface RunWatch extends RoundListener, AutoCloseable {
  @Override
  void close();
}
