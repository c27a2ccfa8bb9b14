package io.stoker.worker.runtime;

import io.stoker.models.engine.Network;
import io.stoker.worker.sgd.LocalResult;
import java.io.Serializable;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Dependency;
import org.apache.spark.TaskContext;

/** What all workers do between two averagings; small, since it goes with every task. */
public interface RoundWork extends Serializable {
  /** One worker's part of it, inside a task. */
  interface Part extends AutoCloseable {
    /** The worker's network, until the part is closed. */
    Network network();

    /** Whether the network may not hold the values of the parameters that are in no slice. */
    boolean lacksFrozenParameters();

    /** Does the work: the network's parameters move from where the caller has set them. */
    LocalResult train();

    /** Gives the network back, which otherwise happens when the task ends. */
    @Override
    void close();
  }

  /** How many workers there are. */
  int workers();

  /** The RDDs that workers read beside the parameters, worker w as partition w of a child. */
  default List<Dependency<?>> reads() {
    return List.of();
  }

  /**
   * Begins: the network has arbitrary parameters and updater state, which the caller sets.
   *
   * @param worker which worker
   * @param hadoop how to reach files
   * @param context the task's, at whose end the network is given back
   */
  Part begin(int worker, Configuration hadoop, TaskContext context);
}
