// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.PeriodicTask;
import io.stoker.driver.spark.DriverEndpoint;
import io.stoker.driver.spark.DriverTraffic;
import java.time.Duration;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link Rendezvous} that tasks reach over Spark's network, with the timer that it needs. It owns
 * both until {@link #close}.
 */
final class RendezvousEndpoint implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RendezvousEndpoint.class);
  private static final Duration CHECK = Duration.ofMillis(500);

  private final String name = "stoker-rendezvous-" + UUID.randomUUID();
  private final Rendezvous rendezvous;
  private final DriverEndpoint endpoint;
  private final PeriodicTask timer;

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
    this.timer =
        PeriodicTask.start(
            "stoker-rendezvous",
            CHECK,
            rendezvous::failStalledStages,
            failure -> LOG.warn("Cannot look after workers that wait: {}", failure.toString()));
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
    timer.close();
    endpoint.close();
  }
}
