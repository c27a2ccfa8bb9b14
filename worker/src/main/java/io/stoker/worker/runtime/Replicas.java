// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.models.engine.Network;
import io.stoker.models.spec.ModelSpec;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The networks of this process on one device. They are kept between tasks, so that no round and no
 * validation builds one. The memory of a network is native, and lasts until the network is closed
 * here: at the latest, some time after the last task has used it.
 *
 * <p>Each borrower has its replica alone: two attempts of one task in one process get two. There
 * are never more networks than were ever borrowed at the same time, which is the number of task
 * slots. Training and prediction share them: a prediction takes a network that was built for
 * training, if model, engine and batch are the same.
 */
public final class Replicas implements AutoCloseable {
  /**
   * A network that waits for a task.
   *
   * @param contents the identity of the values that it holds
   * @param since when it was returned, as of {@link System#nanoTime}
   */
  private record Idle(ReplicaKey key, Network network, String contents, long since) {}

  private final Function<ReplicaKey, Network> factory;

  /** The one that was returned last is the first. */
  private final Deque<Idle> idle = new ArrayDeque<>();

  private int borrowed;
  private int peak;
  private long created;
  private boolean closed;

  /** Makes an empty pool that builds networks with the engines on the class path. */
  public Replicas() {
    this(ReplicaKey::create);
  }

  Replicas(Function<ReplicaKey, Network> factory) {
    this.factory = factory;
  }

  /**
   * Takes an idle network for training, or builds one. Its parameters and updater state are
   * arbitrary, except for frozen parameters where {@link Replica#lacksContents} is false.
   */
  public Replica borrowForTraining(ReplicaKey key) {
    String wanted = key.frozen().isEmpty() ? "" : "frozen parameters " + key.frozen();
    return borrow(key, other -> other.trainsLike(key), wanted);
  }

  /**
   * Takes an idle network for prediction, or builds one. Its parameters are arbitrary, unless
   * {@link Replica#lacksContents} is false.
   *
   * @param key the network; its rates are of no importance
   * @param parameters the identity of the parameters that the borrower wants in it
   */
  public Replica borrowForPrediction(ReplicaKey key, String parameters) {
    return borrow(key, other -> other.predictsLike(key), "parameters " + parameters);
  }

  private Replica borrow(ReplicaKey key, Predicate<ReplicaKey> fits, String wanted) {
    List<Idle> unwanted = new ArrayList<>();
    Optional<Idle> found = take(key, fits, wanted, unwanted);
    try {
      closeAll(unwanted);
      return found
          .map(taken -> new Replica(this, taken.key(), taken.network(), taken.contents(), wanted))
          .orElseGet(() -> new Replica(this, key, factory.apply(key), "", wanted));
    } catch (RuntimeException | Error e) {
      release();
      throw e;
    }
  }

  /**
   * Counts a network as borrowed, and chooses an idle one for it: one that holds the wanted values,
   * else one whose values no other task wants, else any that fits.
   *
   * @param unwanted receives those that the caller must close before it builds one
   */
  private synchronized Optional<Idle> take(
      ReplicaKey key, Predicate<ReplicaKey> fits, String wanted, List<Idle> unwanted) {
    borrowed++;
    peak = Math.max(peak, borrowed);
    Optional<Idle> chosen =
        idle.stream()
            .filter(each -> fits.test(each.key()))
            .min(
                Comparator.comparing((Idle each) -> !each.contents().equals(wanted))
                    .thenComparing(each -> !each.contents().isEmpty()));
    if (chosen.isPresent()) {
      idle.remove(chosen.get());
    } else {
      created++;
      unwanted.addAll(makeRoom(key));
    }
    return chosen;
  }

  /**
   * Removes the networks of other models, whose memory the network that is built next may need, and
   * the ones that have been idle longest, until there are no more than ever at the same time.
   */
  private List<Idle> makeRoom(ReplicaKey key) {
    List<Idle> others = removeIf(each -> !each.key().predictsLike(key));
    while (!idle.isEmpty() && idle.size() + borrowed > peak) {
      others.add(idle.removeLast());
    }
    return others;
  }

  private synchronized List<Idle> removeIf(Predicate<Idle> condition) {
    List<Idle> removed = new ArrayList<>(idle.stream().filter(condition).toList());
    idle.removeAll(removed);
    return removed;
  }

  /** Must not be called with the lock: other tasks would wait for it. */
  private static void closeAll(List<Idle> networks) {
    networks.forEach(each -> each.network().close());
  }

  /** Takes a network back. */
  void giveBack(ReplicaKey key, Network network, String contents) {
    if (!keep(new Idle(key, network, contents, System.nanoTime()))) {
      network.close();
    }
  }

  private synchronized boolean keep(Idle returned) {
    release();
    if (closed || idle.size() + borrowed >= peak) {
      return false;
    }
    idle.addFirst(returned);
    return true;
  }

  /** Closes the networks that no task has used for some time. */
  void closeUnused(Duration time) {
    long now = System.nanoTime();
    closeAll(removeIf(each -> now - each.since() >= time.toNanos()));
  }

  /** Closes the idle networks of a model, whatever their parameters are. */
  void closeUnused(ModelSpec model) {
    closeAll(removeIf(each -> each.key().model().equals(model)));
  }

  /** Notes that a borrowed network will not come back. */
  synchronized void release() {
    borrowed--;
  }

  /** How many networks wait for a task. */
  synchronized int idle() {
    return idle.size();
  }

  /** How many networks were built, or tried to be built. */
  synchronized long created() {
    return created;
  }

  /** Closes the idle networks now, and the borrowed ones when they come back. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    closeAll(removeIf(each -> true));
  }
}
