package io.stoker.worker.runtime;

import io.stoker.models.engine.Network;
import io.stoker.worker.device.DeviceLease;

/** A borrowed network. Its holder owns it until {@link #close}, on one thread. */
public final class Replica implements AutoCloseable {
  private final Replicas pool;
  private final ReplicaKey key;
  private final Network network;
  private final Age age;
  private DeviceLease lease = DeviceLease.PROCESSOR;
  private boolean suspect;
  private boolean returned;

  /** Whether a network was borrowed before. */
  enum Age {
    NEW,
    USED
  }

  Replica(Replicas pool, ReplicaKey key, Network network, Age age) {
    this.pool = pool;
    this.key = key;
    this.network = network;
    this.age = age;
  }

  /** Has it give back the device too that it computes on. */
  Replica with(DeviceLease device) {
    lease = device;
    return this;
  }

  /** The network; not to be used after {@link #close}, nor closed. */
  public Network network() {
    return network;
  }

  /** Whether the network was built for this holder. */
  public boolean isNew() {
    return age == Age.NEW;
  }

  /** Has the network closed instead of kept: a call of it failed. */
  public void discard() {
    suspect = true;
  }

  /** Gives the network back; a second call does nothing. */
  @Override
  public void close() {
    if (returned) {
      return;
    }
    returned = true;
    try {
      if (suspect) {
        pool.release();
        network.close();
      } else {
        pool.giveBack(key, network);
      }
    } finally {
      lease.close();
    }
  }
}
