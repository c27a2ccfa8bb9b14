package io.stoker.driver.round;

import io.stoker.driver.averaging.ParameterSlices;
import io.stoker.failure.ResourceException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.network.util.JavaUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a job needs of the cluster, checked before its first round. */
public final class Preflight {
  /** The configuration key that has a job wait for a slot a worker, and end without. */
  public static final String GANG = "spark.stoker.gang";

  /** How long a job waits for slots, in seconds. */
  public static final String GANG_SECONDS = "spark.stoker.gangSeconds";

  private static final Logger LOG = LoggerFactory.getLogger(Preflight.class);
  private static final int WAIT_FOR_GANG = 60;
  private static final int WAIT_FOR_ANY = 5;
  private static final int POLL_MILLISECONDS = 100;

  /** Of the heap, Spark's own reserve and what objects of the job take. */
  private static final double USABLE_HEAP = 0.6;

  /** A replica's vectors outside the heap: parameters, gradients, updater state. */
  private static final int VECTORS_OF_A_REPLICA = 3;

  private Preflight() {}

  /**
   * Checks slots and memory.
   *
   * @param spark the cluster
   * @param workers how many workers a round has
   * @param slices how the model is cut
   * @throws ResourceException if the job could not run, or not as was asked
   */
  static void check(JavaSparkContext spark, int workers, ParameterSlices slices) {
    int slots = slots(spark, workers);
    int concurrent = Math.max(1, Math.min(slots, workers));
    int executors =
        spark.isLocal() ? 1 : Math.max(1, spark.sc().getExecutorMemoryStatus().size() - 1);
    int together = (concurrent + executors - 1) / executors;
    requireHeap(heap(spark), together, workers, slices);
    long outside = outside(spark);
    if (outside > 0) {
      requireNative(outside, together, slices);
    }
  }

  private static int slots(JavaSparkContext spark, int workers) {
    boolean gang = spark.getConf().getBoolean(GANG, false);
    int patience = gang ? spark.getConf().getInt(GANG_SECONDS, WAIT_FOR_GANG) : WAIT_FOR_ANY;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(patience);
    int slots = now(spark.sc());
    try {
      while (slots < workers && !spark.isLocal() && System.nanoTime() < end) {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLISECONDS);
        slots = now(spark.sc());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (slots < workers && gang) {
      throw new ResourceException(
          "Cannot train %d workers at once: %s has %d slots%s; give it more cores, take fewer --workers, or leave out --gang"
              .formatted(
                  workers,
                  spark.master(),
                  slots,
                  spark.isLocal() ? "" : " after %d s".formatted(patience)));
    }
    if (slots < workers) {
      int waves = (workers + Math.max(1, slots) - 1) / Math.max(1, slots);
      LOG.warn(
          "{} slots for {} workers: a round takes {} waves, about {} times as long as with {} slots",
          slots,
          workers,
          waves,
          waves,
          workers);
    }
    return slots;
  }

  private static int now(SparkContext spark) {
    return spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile());
  }

  private static void requireHeap(long heap, int slots, int workers, ParameterSlices slices) {
    long slice = slices.bytes(0);
    long needed = slots * (workers + 2L) * slice;
    if (needed > heap * USABLE_HEAP) {
      throw new ResourceException(
          "Not enough heap in an executor: %d slots x (%d workers + 2) x %s a slice = %s, of %s there are %s for that; give more --executor-memory (--driver-memory with a local master), or smaller slices (slice_bytes in a recipe)"
              .formatted(
                  slots,
                  workers,
                  mebibytes(slice),
                  mebibytes(needed),
                  mebibytes(heap),
                  mebibytes((long) (heap * USABLE_HEAP))));
    }
  }

  private static void requireNative(long outside, int slots, ParameterSlices slices) {
    long vector = slices.parameters() * Float.BYTES;
    long needed = (long) slots * VECTORS_OF_A_REPLICA * vector;
    if (needed > outside) {
      throw new ResourceException(
          "Not enough native memory in an executor: %d slots x %d vectors (parameters, gradients, momentum) x %s = %s, besides activations; there are %s (set STOKER_NATIVE_MEMORY, or have fewer cores in an executor)"
              .formatted(
                  slots,
                  VECTORS_OF_A_REPLICA,
                  mebibytes(vector),
                  mebibytes(needed),
                  mebibytes(outside)));
    }
  }

  private static long heap(JavaSparkContext spark) {
    return spark.isLocal()
        ? Runtime.getRuntime().maxMemory()
        : JavaUtils.byteStringAsBytes(spark.getConf().get("spark.executor.memory", "1g"));
  }

  /** The native memory that an executor may take; 0 where nobody has said. */
  private static long outside(JavaSparkContext spark) {
    if (spark.isLocal()) {
      String limit = System.getProperty("org.bytedeco.javacpp.maxbytes", "0");
      return limit.matches("[0-9]+[kmgKMG]?") ? JavaUtils.byteStringAsBytes(limit) : 0;
    }
    return JavaUtils.byteStringAsMb(spark.getConf().get("spark.executor.memoryOverhead", "0"))
        << 20;
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%,d MiB", (bytes + (1 << 20) - 1) >> 20);
  }
}
