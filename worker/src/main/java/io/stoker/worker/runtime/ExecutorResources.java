// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.base.PeriodicTask;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.shard.ShardFolder;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import io.stoker.models.spec.ModelSpec;
import io.stoker.worker.device.DeviceLease;
import io.stoker.worker.device.DeviceLeases;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The networks, open readers, blocks of data and verified shard folders that a process keeps
 * between tasks. Each process has one such object, and closes it when the JVM ends. Networks and
 * readers that no task has used for {@link #IDLE} are closed before that.
 */
public final class ExecutorResources {
  /** Blocks of data may take the heap divided by this; Spark's storage needs the rest. */
  private static final int HEAP_SHARE = 4;

  /** How many data sets are kept: more than the jobs of one session read from at the same time. */
  private static final int FOLDERS = 8;

  /** Longer than a validation takes, for which the networks and readers of training wait. */
  private static final Duration IDLE = Duration.ofMinutes(10);

  private static final Logger LOG = LoggerFactory.getLogger(ExecutorResources.class);

  private static final ExecutorResources HERE = new ExecutorResources();

  private final TaskDevices devices = new TaskDevices(new DeviceLeases());

  private final TaskReplicas taskReplicas = new TaskReplicas();

  /** By device, because a network is in the memory of one GPU. */
  private final Map<String, Replicas> replicas = new ConcurrentHashMap<>();

  private final TrainingReaders readers = new TrainingReaders(this);
  private final BlockCache blocks = new BlockCache(Runtime.getRuntime().maxMemory() / HEAP_SHARE);

  private final Map<String, ShardFolder> folders =
      new LinkedHashMap<>(FOLDERS, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, ShardFolder> eldest) {
          return size() > FOLDERS;
        }
      };

  private ExecutorResources() {
    PeriodicTask.start(
        "stoker-idle-resources",
        IDLE.dividedBy(10),
        () -> {
          replicas.values().forEach(pool -> pool.closeUnused(IDLE));
          readers.closeUnused(IDLE); // Last, because it may wait for storage.
        },
        failure -> LOG.warn("Cannot close networks or readers that are not used", failure));
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  readers.close();
                  replicas.values().forEach(Replicas::close);
                },
                "stoker-executor-resources"));
  }

  /** The resources of this process. */
  public static ExecutorResources here() {
    return HERE;
  }

  /**
   * Borrows a network for training on the device of a task, for the thread that calls. The network
   * is returned when the task ends, if the borrower has not returned it before.
   *
   * @param key the network, see {@link Replicas#borrowForTraining}
   * @param context the task's
   * @throws io.stoker.failure.ResourceException if the task needs a device and has none
   */
  public Replica borrowForTraining(ReplicaKey key, TaskContext context) {
    Replica replica = borrow(key, pool -> pool.borrowForTraining(key));
    taskReplicas.add(replica, context);
    return replica;
  }

  /**
   * Borrows a network for prediction on the device of this thread's task, for the thread that
   * calls, which returns it.
   *
   * @param key the network
   * @param parameters the identity of its parameters, see {@link Replicas#borrowForPrediction}
   * @throws io.stoker.failure.ResourceException if the task needs a device and has none
   */
  public Replica borrowForPrediction(ReplicaKey key, String parameters) {
    return borrow(key, pool -> pool.borrowForPrediction(key, parameters));
  }

  private Replica borrow(ReplicaKey key, Function<Replicas, Replica> borrowing) {
    DeviceLease lease =
        devices.acquire(Optional.ofNullable(TaskContext.get()), Engines.find(key.engine()));
    try {
      return borrowing
          .apply(replicas.computeIfAbsent(lease.device(), device -> new Replicas()))
          .with(lease);
    } catch (RuntimeException | Error e) {
      lease.close();
      throw e;
    }
  }

  /**
   * Closes the networks of a model that no task uses now. Their memory is native, and no garbage
   * collection sees it.
   */
  public void release(ModelSpec model) {
    replicas.values().forEach(pool -> pool.closeUnused(model));
  }

  /** How many networks of this process wait for a task. */
  public int networksIdle() {
    return replicas.values().stream().mapToInt(Replicas::idle).sum();
  }

  /** How many networks this process has built for tasks. */
  public long networksCreated() {
    return replicas.values().stream().mapToLong(Replicas::created).sum();
  }

  /** The readers of training batches. */
  public TrainingReaders readers() {
    return readers;
  }

  /**
   * A split of a data set, read through this process's cache.
   *
   * @param uri the folder of shards
   * @param manifestSha256 the SHA-256 that its manifest must have
   * @param split the split's name
   * @param hadoop with which the folder is reached
   * @throws io.stoker.failure.DamagedException if the manifest has changed
   */
  public SplitBlocks blocks(String uri, String manifestSha256, String split, Configuration hadoop) {
    return new SplitBlocks(shards(uri, manifestSha256, hadoop), split, blocks);
  }

  /**
   * A data set, of which this process verifies each shard once, also if its folds are data sets of
   * other jobs.
   *
   * @param uri the folder of shards
   * @param manifestSha256 the SHA-256 that its manifest must have
   * @param hadoop with which the folder is reached
   * @throws io.stoker.failure.DamagedException if the manifest has changed
   */
  public ShardFolder shards(String uri, String manifestSha256, Configuration hadoop) {
    return opened(
        uri,
        manifestSha256,
        path ->
            ShardFolder.open(
                path,
                hadoop,
                (data, sha256) ->
                    opened(data, sha256, source -> ShardFolder.openShards(source, hadoop))));
  }

  private synchronized ShardFolder opened(
      String uri, String manifestSha256, Function<Path, ShardFolder> opening) {
    ShardFolder folder = folders.get(uri);
    if (folder == null || !folder.manifestHash().equals(manifestSha256)) {
      folder = opening.apply(new Path(uri));
      Check.undamaged(
          folder.manifestHash().equals(manifestSha256),
          "Cannot read %s: its manifest changed during the job (SHA-256 is %s, was %s)",
          uri,
          folder.manifestHash(),
          manifestSha256);
      folders.put(uri, folder);
    }
    return folder;
  }
}
