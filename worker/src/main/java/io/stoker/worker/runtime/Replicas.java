package io.stoker.worker.runtime;

import io.stoker.models.engine.Network;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Function;

/**
 * The networks of this process on one device, kept between rounds so that no round builds one. A
 * network's memory is native and lasts until it is closed here.
 *
 * <p>Whoever borrows a replica has it alone: two attempts of one task in one process get two. There
 * are never more than were ever borrowed at once, which is the number of task slots.
 */
public final class Replicas implements AutoCloseable {
  private record Idle(ReplicaKey key, Network network) {}

  private final Function<ReplicaKey, Network> factory;
  private final Deque<Idle> idle = new ArrayDeque<>();
  private int borrowed;
  private int peak;
  private boolean closed;

  /** Makes an empty pool over the engines on the classpath. */
  public Replicas() {
    this(ReplicaKey::create);
  }

  Replicas(Function<ReplicaKey, Network> factory) {
    this.factory = factory;
  }

  /**
   * Takes an idle replica, or builds one. Its parameters and updater state are whatever its last
   * user left.
   */
  public Replica borrow(ReplicaKey key) {
    Network network = take(key);
    try {
      return network == null
          ? new Replica(this, key, factory.apply(key), Replica.Age.NEW)
          : new Replica(this, key, network, Replica.Age.USED);
    } catch (RuntimeException | Error e) {
      release();
      throw e;
    }
  }

  private synchronized Network take(ReplicaKey key) {
    borrowed++;
    peak = Math.max(peak, borrowed);
    for (Iterator<Idle> each = idle.iterator(); each.hasNext(); ) {
      Idle candidate = each.next();
      if (candidate.key().equals(key)) {
        each.remove();
        return candidate.network();
      }
    }
    // The memory of another job's replicas is worth more to the one that is about to be built.
    idle.forEach(other -> other.network().close());
    idle.clear();
    return null;
  }

  /** Takes a replica back. */
  synchronized void giveBack(ReplicaKey key, Network network) {
    release();
    if (closed || idle.size() + borrowed >= peak) {
      network.close();
    } else {
      idle.addFirst(new Idle(key, network));
    }
  }

  /** Notes that a borrowed replica will not come back. */
  synchronized void release() {
    borrowed--;
  }

  /** How many replicas wait for a task. */
  synchronized int idle() {
    return idle.size();
  }

  /** Closes the idle replicas now, and the borrowed ones when they come back. */
  @Override
  public synchronized void close() {
    closed = true;
    idle.forEach(each -> each.network().close());
    idle.clear();
  }
}
