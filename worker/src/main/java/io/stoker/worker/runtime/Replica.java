// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.models.engine.Network;
import io.stoker.worker.device.DeviceLease;

/** A borrowed network. The borrower owns it until {@link #close}, on one thread. */
public final class Replica implements AutoCloseable {
  private final Replicas pool;
  private final ReplicaKey key;
  private final Network network;

  /** The identity of the values that the borrower wants to find in the network; empty for none. */
  private final String wantedContents;

  private String contents;
  private DeviceLease lease = DeviceLease.PROCESSOR;
  private boolean discarded;
  private boolean returned;

  /**
   * @param pool takes the network back
   * @param key the key with which it was built
   * @param network the network
   * @param contents the identity of the values that it holds; empty if it is not known
   * @param wantedContents the identity of the values that the borrower wants
   */
  Replica(Replicas pool, ReplicaKey key, Network network, String contents, String wantedContents) {
    this.pool = pool;
    this.key = key;
    this.network = network;
    this.wantedContents = wantedContents;
    this.contents = contents.equals(wantedContents) ? contents : "";
  }

  /** Makes the replica also return the device on which the network computes. */
  Replica with(DeviceLease device) {
    lease = device;
    return this;
  }

  /** The network; the borrower must neither close it nor use it after {@link #close}. */
  public Network network() {
    return network;
  }

  /**
   * Whether the borrower must load values that it wants to stay in the network between tasks:
   * frozen parameters for training, all parameters for prediction. It then calls {@link
   * #contentsLoaded}.
   */
  public boolean lacksContents() {
    return !contents.equals(wantedContents);
  }

  /** Notes that the network holds the wanted values now. */
  public void contentsLoaded() {
    contents = wantedContents;
  }

  /** Has the network closed instead of kept, because a call of it failed. */
  public void discard() {
    discarded = true;
  }

  /** Returns the network; a second call does nothing. */
  @Override
  public void close() {
    if (returned) {
      return;
    }
    returned = true;
    try {
      if (discarded) {
        pool.release();
        network.close();
      } else {
        pool.giveBack(key, network, contents);
      }
    } finally {
      lease.close();
    }
  }
}
