// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.DriverEndpoint;
import io.stoker.driver.spark.DriverTraffic;
import java.util.Timer;
import java.util.TimerTask;
import java.util.UUID;

/**
 * A {@link Rendezvous} that tasks reach over Spark's network, with the timer that it needs. It owns
 * both until {@link #close}.
 */
final class RendezvousEndpoint implements AutoCloseable {
  private static final long CHECK_MILLISECONDS = 500;

  private final String name = "stoker-rendezvous-" + UUID.randomUUID();
  private final Rendezvous rendezvous;
  private final DriverEndpoint endpoint;
  private final Timer timer = new Timer("stoker-rendezvous", true);

  /**
   * Opens a rendezvous to the tasks of this application.
   *
   * @param traffic where the bytes of arrivals and answers are counted
   */
  RendezvousEndpoint(Rendezvous rendezvous, DriverTraffic traffic) {
    this.rendezvous = rendezvous;
    this.endpoint =
        new DriverEndpoint(
            name,
            traffic,
            (message, reply) -> rendezvous.arrived(Rendezvous.Arrival.of(message), reply::send));
    timer.schedule(
        new TimerTask() {
          @Override
          public void run() {
            rendezvous.failStalledStages();
          }
        },
        CHECK_MILLISECONDS,
        CHECK_MILLISECONDS);
  }

  /** The name by which tasks find it. */
  String name() {
    return name;
  }

  Rendezvous rendezvous() {
    return rendezvous;
  }

  @Override
  public void close() {
    timer.cancel();
    endpoint.close();
  }
}
