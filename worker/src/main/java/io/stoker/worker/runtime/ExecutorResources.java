package io.stoker.worker.runtime;

import io.stoker.data.batch.BlockCache;
import io.stoker.data.batch.SplitBlocks;
import io.stoker.data.shard.ShardFolder;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import io.stoker.worker.device.DeviceLease;
import io.stoker.worker.device.DeviceLeases;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;

/**
 * What a process keeps between tasks: networks, open readers, blocks of data, verified shard
 * folders. There is one a process, which closes it at its end.
 */
public final class ExecutorResources {
  /** The share of the heap that blocks of data may take; Spark's own storage needs the rest. */
  private static final int HEAP_SHARE = 4;

  /** More data sets than any job reads from: train, validation, and a few jobs of one session. */
  private static final int FOLDERS = 8;

  private static final ExecutorResources HERE = new ExecutorResources();

  private final TaskDevices devices = new TaskDevices(new DeviceLeases());

  /** By device: what is in one card's memory is of no use on another. */
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
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  readers.close();
                  replicas.values().forEach(Replicas::close);
                },
                "stoker-executor-resources"));
  }

  /** This process's. */
  public static ExecutorResources here() {
    return HERE;
  }

  /**
   * Takes an idle network of this task's device, or builds one there, for the thread that calls.
   *
   * @param key which network
   * @throws io.stoker.failure.ResourceException if the task should have a device, and has none
   */
  public Replica borrow(ReplicaKey key) {
    DeviceLease lease =
        devices.acquire(Optional.ofNullable(TaskContext.get()), Engines.find(key.engine()));
    try {
      return replicas
          .computeIfAbsent(lease.device(), device -> new Replicas())
          .borrow(key)
          .with(lease);
    } catch (RuntimeException | Error e) {
      lease.close();
      throw e;
    }
  }

  /** The readers of training batches. */
  public TrainingReaders readers() {
    return readers;
  }

  /**
   * A split of a data set, read through this process's cache.
   *
   * @param uri the folder of shards
   * @param manifestSha256 what its manifest must be
   * @param split the split's name
   * @param hadoop how to reach the folder
   * @throws io.stoker.failure.DamagedException if the manifest is another one now
   */
  public SplitBlocks blocks(String uri, String manifestSha256, String split, Configuration hadoop) {
    return new SplitBlocks(shards(uri, manifestSha256, hadoop), split, blocks);
  }

  /**
   * A data set, of which this process verifies each shard once.
   *
   * @param uri the folder of shards
   * @param manifestSha256 what its manifest must be
   * @param hadoop how to reach the folder
   * @throws io.stoker.failure.DamagedException if the manifest is another one now
   */
  public synchronized ShardFolder shards(String uri, String manifestSha256, Configuration hadoop) {
    ShardFolder folder = folders.get(uri);
    if (folder == null || !folder.manifestHash().equals(manifestSha256)) {
      folder = ShardFolder.open(new Path(uri), hadoop);
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
